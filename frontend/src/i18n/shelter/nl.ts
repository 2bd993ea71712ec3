import type { Allotment } from "../../api/types";
import type { ShelterWords } from "./en";

const things = (n: number, of: Allotment): string =>
  of === "room" ? (n === 1 ? "kamer" : "kamers") : n === 1 ? "plaats" : "plaatsen";

export const nl: ShelterWords = {
  title: "Mijn afdelingen",
  none: "Aan dit account is nog geen centrum toevertrouwd.",
  noneHint: "Het beheer van het gewest kan dat doen.",
  waiting: "Wachten op uw afdelingen.",
  free: (n, of) => `${things(n, of)} vrij`,
  freeLabel: (unit) => `${unit}: hoeveel zijn er vrij`,
  ofCapacity: (capacity) => `van ${capacity}`,
  less: (unit) => `${unit}: één minder`,
  more: (unit) => `${unit}: één meer`,
  held: (n) =>
    n === 1
      ? "1 is gereserveerd voor iemand die onderweg is: tel ze als vrij."
      : `${n} zijn gereserveerd voor mensen die onderweg zijn: tel ze als vrij.`,
  heldFull: (n) =>
    n === 1
      ? "1 is gereserveerd, en geen is vrij. De oriëntatiedienst ziet het."
      : `${n} zijn gereserveerd, en er zijn er minder vrij. De oriëntatiedienst ziet het.`,
  overBy: (n) => `${n} boven de capaciteit`,
  expected: (n, of) => `${things(n, of)} vrij verwacht`,
  ask: "Hoeveel zijn er vrij?",
  unchanged: (n) => `Niets veranderd: ${n} vrij`,
  confirm: (n) => `Ja, ${n} vrij`,
  unchangedAll: (n) => `Niets veranderd in deze ${n} afdelingen`,
  send: (n) => `Versturen: ${n} vrij`,
  sendEmpty: "Versturen",
  undo: "Ongedaan maken",
  closed: "Deze afdeling is gesloten. Het beheer van het gewest kan ze heropenen.",
  aboveCapacity: (capacity) => `Meer dan de ${capacity} die er zijn. Verstuur het als het waar is.`,
  tooMany: "Dat kan niet de bedoeling zijn: hoogstens 10.000.",
  further: "Buiten gebruik, onthaal",
  furtherNow: {
    out: (n) => `${n} buiten gebruik`,
    paused: "onthaal onderbroken",
    pausedUntil: (time) => `onthaal onderbroken tot ${time}`,
  },
  out: {
    title: "Buiten gebruik",
    hint: "Deze kunnen aan niemand gegeven worden: tel ze niet als vrij.",
    less: (reason) => `${reason}: één minder`,
    more: (reason) => `${reason}: één meer`,
    over: "Boven de capaciteit",
    overHint: "Mensen die hier zijn boven het aantal plaatsen. Alleen als er geen vrij is.",
  },
  intake: {
    title: "Onthaal",
    open: "Open",
    pause: "Onderbreken",
    until: "Tot",
    hour: "1 uur",
    hours: (n) => `${n} uur`,
    openEnd: "tot ik heropen",
    endsAt: (time) => `Gaat om ${time} vanzelf weer open.`,
    noEnd: "Blijft onderbroken tot u heropent.",
  },
  result: {
    sending: "Versturen…",
    applied: (n, time) => `Genoteerd om ${time}: ${n} vrij.`,
    repeated: (n, time) => `Al genoteerd om ${time}: ${n} vrij.`,
    superseded: (n, ago) =>
      `Een nieuwere opgave telt: ${n} vrij, ${ago} bevestigd. De uwe is bewaard en verandert niets.`,
    pinned: (n) => `De telling van een collega blijft voorlopig gelden: ${n} vrij. De uwe is bewaard.`,
    moved: (now, said) =>
      `Het is intussen veranderd: nu ${now} vrij. U zei ${said}, en dat is niet genoteerd. Hoeveel zijn er vrij?`,
    movedClosed: "De afdeling is intussen veranderd, en uw getal is niet genoteerd.",
    movedLive: (now) => `Intussen is het ${now} vrij.`,
    startAgain: (now) => `Verder vanaf ${now}`,
    refused: "Niet genoteerd.",
    unknown: (n) =>
      `Geen antwoord. We weten niet of “${n} vrij” is aangekomen. Het wordt opnieuw verstuurd en kan niet dubbel tellen.`,
    busy: (n) => `De server is bezet: “${n} vrij” is nog niet genoteerd. Het wordt opnieuw verstuurd.`,
    signedOut: (n) => `Meld u opnieuw aan, dan wordt “${n} vrij” verstuurd.`,
    retry: "Nu opnieuw versturen",
  },
};
