import type { Allotment } from "../../api/types";
import type { ShelterWords } from "./en";

const things = (n: number, of: Allotment): string =>
  of === "room" ? (n === 1 ? "kamer" : "kamers") : n === 1 ? "plaats" : "plaatsen";

export const nl: ShelterWords = {
  title: "Mijn afdelingen",
  none: "Aan dit account is nog geen centrum toevertrouwd.",
  noneHint: "Het beheer van het gewest kan dat doen.",
  waiting: "Wachten op uw afdelingen.",
  count: (n) => `${n} vrij`,
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
  unchanged: (count) => `Niets veranderd: ${count}`,
  confirm: (count) => `Ja, ${count}`,
  isRight: (count) => `“${count}” klopt`,
  unchangedAll: (n) => `Niets veranderd in deze ${n} afdelingen`,
  confirmAll: (n) => `Ja, de ${n} getallen hierboven kloppen`,
  send: (what) => `Versturen: ${what}`,
  sendEmpty: "Versturen",
  undo: "Annuleren",
  closed: "Deze afdeling is gesloten. Het beheer van het gewest kan ze heropenen.",
  coming: (night, count) => `${night}, vanaf de middag: ${count}`,
  expires: (time) => `Sluit vanzelf: ${time}`,
  asks: { back: "Ja, terug", notYet: "Nog niet" },
  aboveCapacity: (capacity) => `Meer dan de ${capacity} die er zijn. Verstuur het als het waar is.`,
  tooMany: "Dat kan niet de bedoeling zijn: hoogstens 10.000.",
  further: "Buiten gebruik, onthaal",
  now: {
    out: (n) => (n === 0 ? "niets buiten gebruik" : `${n} buiten gebruik`),
    open: "onthaal open",
    paused: "onthaal onderbroken",
    pausedUntil: (time) => `onthaal onderbroken tot ${time}`,
  },
  out: {
    title: "Buiten gebruik",
    hint: "Deze kunnen aan niemand gegeven worden: tel ze niet als vrij.",
    less: (reason) => `${reason}: één minder`,
    more: (reason) => `${reason}: één meer`,
    noEnd: "Geen einde bekend.",
    endsAt: (time) => `Tot ${time}. Dan vragen we het u.`,
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
    applied: (what, time) => `Genoteerd om ${time}: ${what}.`,
    uncounted: "Hoeveel er vrij zijn, is niet bevestigd.",
    coming: (count) => `Genoteerd voor vannacht, vanaf de middag: ${count}.`,
    superseded: (count, ago) => `Een nieuwere opgave telt: ${count}, ${ago} bevestigd.`,
    newer: "Een nieuwere opgave telt.",
    kept: "De uwe is bewaard en verandert niets. Klopt dat niet, zeg het dan opnieuw.",
    moved: (now, said) =>
      `Het is intussen veranderd: nu ${now}. U zei “${said}”, en dat is niet genoteerd. Kijk na en zeg het opnieuw.`,
    movedClosed: "De afdeling is intussen veranderd, en uw getal is niet genoteerd.",
    movedLive: (now) => `Intussen is het ${now}.`,
    startAgain: (now) => `Verder vanaf ${now}`,
    unknown: (what) =>
      `Geen antwoord. We weten niet of “${what}” is aangekomen. Het wordt opnieuw verstuurd en kan niet dubbel tellen.`,
    busy: (what) => `De server is bezet: “${what}” is nog niet genoteerd. Het wordt opnieuw verstuurd.`,
    signedOut: (what) => `Meld u opnieuw aan, dan wordt “${what}” verstuurd.`,
    retry: "Nu opnieuw versturen",
  },
};
