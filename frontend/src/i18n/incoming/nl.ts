import type { IncomingWords } from "./en";

const whos = {
  woman: ["vrouw", "vrouwen"],
  man: ["man", "mannen"],
  person: ["persoon", "mensen"],
  girl: ["meisje", "meisjes"],
  boy: ["jongen", "jongens"],
  child: ["kind", "kinderen"],
} as const;

const paused = "Het onthaal van de afdeling is dan onderbroken tot de middag.";
const barred = "De oriëntatiedienst stelt hun deze afdeling enkele nachten niet meer voor.";

export const nl: IncomingWords = {
  title: "Wie komt",
  nobody: "Er is nu niemand aangekondigd.",
  announced: (n) => (n === 1 ? "1 aankondiging wacht op antwoord" : `${n} aankondigingen wachten op antwoord`),
  failed: "Nog niet opgehaald. Het wordt opnieuw geprobeerd.",
  people: (n, who) => `${n} mensen: ${who}`,
  who: (n, who) => `${n} ${whos[who][n === 1 ? 0 : 1]}`,
  aged: {
    "0-2": "van 0–2 jaar",
    "3-11": "van 3–11 jaar",
    "12-17": "van 12–17 jaar",
    "18-25": "van 18–25 jaar",
    "26-59": "van 26–59 jaar",
    "60+": "van 60 jaar of ouder",
  },
  relations: {
    partner: "partner",
    child: "zoon of dochter",
    parent: "ouder",
    sibling: "broer of zus",
    friend: "vriend of vriendin",
    other: "gaat mee",
  },
  needs: {
    step_free: "drempelvrij",
    medical_care: "medische zorg",
    together: "samen blijven",
    pets: (n) => (n === 1 ? "1 dier" : `${n} dieren`),
    tolerance: { supervised: "gebruik onder toezicht", open: "gebruik gedoogd" },
    speak: (languages) => `spreekt ${languages}`,
  },
  answerBy: (time, left) => `Antwoord vóór ${time} (${left})`,
  answerDue: (time) => `Het antwoord werd verwacht om ${time}`,
  expectedUntil: (time) => `Aanvaard. Verwacht tot ${time}`,
  accepted: "Aanvaard.",
  left: (minutes) => (minutes < 60 ? `${minutes}\u00a0min` : `${Math.floor(minutes / 60)}\u00a0u`),
  seen: "De oriëntatiedienst weet dat u het gezien hebt.",
  arrived: "Aangekomen",
  already: (n, ago) => `${n} vrij is ${ago} geteld. Zit deze aankomst daar al in?`,
  why: "Waarom niet?",
  reasons: {
    full: "Vol",
    closed: "Gesloten",
    "not-for-us": "Niet voor ons",
    "known-conflict": "Bekend conflict hier",
    "rules-broken": "Huisregels eerder overtreden",
    "wrong-data": "Onze gegevens kloppen niet",
    "no-staff": "Te weinig personeel",
  },
  follows: {
    full: "Hoeveel zijn er nu vrij? Dat telt als opgave.",
    closed: paused,
    "not-for-us": barred,
    "known-conflict": barred,
    "rules-broken": barred,
    "wrong-data": "De afdeling wacht dan op uw opgave: tot dan wordt niemand meer aangekondigd.",
    "no-staff": paused,
  },
  others: (n) =>
    n === 1
      ? "Nog 1 is gereserveerd voor iemand die onderweg is: tel ze als vrij."
      : `Nog ${n} zijn gereserveerd voor mensen die onderweg zijn: tel ze als vrij.`,
  declineAs: (reason) => `Weigeren: ${reason}`,
  back: "Terug",
  ended: "Niet meer verwacht",
  endings: {
    arrived: "aangekomen",
    declined: "geweigerd",
    cancelled: "geannuleerd",
    lapsed: "niet op tijd beantwoord",
    "no-show": "niet gekomen",
  },
  late: "laat aangekomen",
  afterAll: "Toch aangekomen",
  all: (n) => `Alle ${n}`,
};
