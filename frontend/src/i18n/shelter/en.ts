import type { Allotment } from "../../api/types";

const things = (n: number, of: Allotment): string =>
  of === "room" ? (n === 1 ? "room" : "rooms") : n === 1 ? "place" : "places";

export const en = {
  title: "My units",
  none: "No shelter is entrusted to this account yet.",
  noneHint: "The administrator of the region can do that.",
  waiting: "Waiting for your units.",
  count: (n: number): string => `${n} free`,
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
  unchanged: (count: string): string => `Nothing changed: ${count}`,
  confirm: (count: string): string => `Yes, ${count}`,
  isRight: (count: string): string => `“${count}” is right`,
  unchangedAll: (n: number): string => `Nothing changed in these ${n} units`,
  confirmAll: (n: number): string => `Yes, the ${n} numbers above are right`,
  send: (what: string): string => `Send: ${what}`,
  sendEmpty: "Send",
  undo: "Undo",
  closed: "This unit is closed. The administrator of the region can reopen it.",
  coming: (night: string, count: string): string => `${night}, from noon: ${count}`,
  expires: (time: string): string => `Closes by itself: ${time}`,
  asks: { back: "Yes, back", notYet: "Not yet" },
  aboveCapacity: (capacity: number): string => `More than the ${capacity} there are. Send it if it is true.`,
  tooMany: "That cannot be meant: at most 10,000.",
  further: "Out of service, intake",
  now: {
    out: (n: number): string => (n === 0 ? "nothing out of service" : `${n} out of service`),
    open: "intake open",
    paused: "intake paused",
    pausedUntil: (time: string): string => `intake paused until ${time}`,
  },
  out: {
    title: "Out of service",
    hint: "These cannot be given to anybody: do not count them as free.",
    less: (reason: string): string => `${reason}: one less`,
    more: (reason: string): string => `${reason}: one more`,
    noEnd: "No end known.",
    endsAt: (time: string): string => `Until ${time}. Then you are asked.`,
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
    applied: (what: string, time: string): string => `Recorded at ${time}: ${what}.`,
    uncounted: "How many are free was not confirmed.",
    coming: (count: string): string => `Recorded for tonight, from noon: ${count}.`,
    superseded: (count: string, ago: string): string => `A newer report counts: ${count}, confirmed ${ago}.`,
    newer: "A newer report counts.",
    kept: "Yours was kept, and changes nothing. If that is not right, say it again.",
    moved: (now: string, said: string): string =>
      `It changed meanwhile: ${now} now. You said “${said}”, and that was not recorded. Look, and say it again.`,
    movedClosed: "The unit changed meanwhile, and your number was not recorded.",
    movedLive: (now: string): string => `Meanwhile it became ${now}.`,
    startAgain: (now: number): string => `Go on from ${now}`,
    unknown: (what: string): string =>
      `No answer. We do not know whether “${what}” arrived. It is being sent again, and cannot count twice.`,
    busy: (what: string): string => `The server is busy: “${what}” is not recorded yet. It is being sent again.`,
    signedOut: (what: string): string => `Sign in again, and “${what}” will be sent.`,
    retry: "Send again now",
  },
};

export type ShelterWords = typeof en;
