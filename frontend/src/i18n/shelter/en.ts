import type { Allotment } from "../../api/types";

const things = (n: number, of: Allotment): string =>
  of === "room" ? (n === 1 ? "room" : "rooms") : n === 1 ? "place" : "places";

export const en = {
  title: "My units",
  none: "No shelter is entrusted to this account yet.",
  noneHint: "The administrator of the region can do that.",
  waiting: "Waiting for your units.",
  free: (n: number, of: Allotment): string => `${things(n, of)} free`,
  freeLabel: (unit: string): string => `${unit}: how many are free`,
  ofCapacity: (capacity: number): string => `of ${capacity}`,
  less: (unit: string): string => `${unit}: one less`,
  more: (unit: string): string => `${unit}: one more`,
  held: (n: number): string =>
    n === 1
      ? "1 is held for somebody on the way: count it as free."
      : `${n} are held for people on their way: count them as free.`,
  heldFull: (n: number): string =>
    n === 1 ? "1 is held, and none is free. The desk sees it." : `${n} are held, and fewer are free. The desk sees it.`,
  overBy: (n: number): string => `${n} over capacity`,
  expected: (n: number, of: Allotment): string => `${things(n, of)} expected free`,
  ask: "How many are free?",
  unchanged: (n: number): string => `Nothing changed: ${n} free`,
  confirm: (n: number): string => `Yes, ${n} free`,
  unchangedAll: (n: number): string => `Nothing changed in these ${n} units`,
  send: (n: number): string => `Send: ${n} free`,
  sendEmpty: "Send",
  undo: "Undo",
  closed: "This unit is closed. The administrator of the region can reopen it.",
  aboveCapacity: (capacity: number): string => `More than the ${capacity} there are. Send it if it is true.`,
  tooMany: "That cannot be meant: at most 10,000.",
  further: "Out of service, intake",
  furtherNow: {
    out: (n: number): string => `${n} out of service`,
    paused: "intake paused",
    pausedUntil: (time: string): string => `intake paused until ${time}`,
  },
  out: {
    title: "Out of service",
    hint: "These cannot be given to anybody: do not count them as free.",
    less: (reason: string): string => `${reason}: one less`,
    more: (reason: string): string => `${reason}: one more`,
    over: "Over capacity",
    overHint: "People here beyond the places there are. Only when none is free.",
  },
  intake: {
    title: "Intake",
    open: "Open",
    pause: "Pause",
    until: "Until",
    hour: "1 hour",
    hours: (n: number): string => `${n} hours`,
    openEnd: "until I reopen it",
    endsAt: (time: string): string => `Opens again at ${time} by itself.`,
    noEnd: "Stays paused until you reopen it.",
  },
  result: {
    sending: "Sending…",
    applied: (n: number, time: string): string => `Recorded at ${time}: ${n} free.`,
    repeated: (n: number, time: string): string => `Already recorded at ${time}: ${n} free.`,
    superseded: (n: number, ago: string): string =>
      `A newer report counts: ${n} free, confirmed ${ago}. Yours was kept, and changes nothing.`,
    pinned: (n: number): string => `A colleague’s count stands for now: ${n} free. Yours was kept.`,
    moved: (now: number, said: number): string =>
      `It changed meanwhile: ${now} free now. You said ${said}, and that was not recorded. How many are free?`,
    movedClosed: "The unit changed meanwhile, and your number was not recorded.",
    movedLive: (now: number): string => `Meanwhile it became ${now} free.`,
    startAgain: (now: number): string => `Go on from ${now}`,
    refused: "Not recorded.",
    unknown: (n: number): string =>
      `No answer. We do not know whether “${n} free” arrived. It is being sent again, and cannot count twice.`,
    busy: (n: number): string => `The server is busy: “${n} free” is not recorded yet. It is being sent again.`,
    signedOut: (n: number): string => `Sign in again, and “${n} free” will be sent.`,
    retry: "Send again now",
  },
};

export type ShelterWords = typeof en;
