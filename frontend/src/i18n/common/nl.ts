import type { Age, Level, Span } from "../../live/freshness";
import type { Admits, Allotment, Flag, OutReason, Status } from "../../api/types";
import type { Condition } from "../../live/connection";
import type { CommonWords } from "./en";

const pad = (minutes: number): string => String(minutes).padStart(2, "0");

function ago(span: Span): string {
  switch (span.unit) {
    case "now":
      return "zonet";
    case "minutes":
      return `${span.minutes}\u00a0min geleden`;
    case "hours":
      return span.minutes ? `${span.hours}\u00a0u\u00a0${pad(span.minutes)} geleden` : `${span.hours}\u00a0u geleden`;
    case "days":
      return span.days === 1 ? "1 dag geleden" : `${span.days} dagen geleden`;
  }
}

const levels: Record<Level, string> = {
  fresh: "recent",
  ageing: "wordt ouder",
  stale: "verouderd",
  silent: "zwijgt",
  unconfirmed: "niet bevestigd vannacht",
  never: "nooit bevestigd",
};

const conditions: Record<Condition, string> = {
  connecting: "Verbinden",
  live: "Live",
  journal: "Verder vanuit het journaal",
  lost: "De server is de inventaris uit het oog verloren",
  quiet: "Verbonden, de server zwijgt",
  reconnecting: "Opnieuw verbinden",
  ended: "Niet verbonden",
};

const statuses: Record<Status, string> = {
  open: "open",
  unconfirmed: "niet bevestigd vannacht",
  "awaiting-report": "wacht op een opgave",
  closed: "gesloten",
};

const flags: Record<Flag, string> = {
  "above-capacity": "meer vrij dan er zijn",
  "over-capacity": "boven de capaciteit",
  overcommitted: "meer gereserveerd dan vrij",
  "clock-skew": "klok loopt fout",
  stuck: "bron herhaalt zichzelf",
};

const audiences: Record<Admits, string> = {
  men: "mannen",
  women: "vrouwen",
  families: "gezinnen",
  minors: "minderjarigen",
  everyone: "iedereen",
};

const reasons: Record<OutReason, string> = {
  cleaning: "schoonmaak",
  repair: "herstelling",
  staff: "te weinig personeel",
  quarantine: "quarantaine",
  "kept-for-partner": "voor een partner",
  other: "andere reden",
};

export const nl: CommonWords = {
  languageLabel: "Taal",
  skip: "Naar de inhoud",
  home: "Startpagina",
  ago,
  levels,
  conditions,
  statuses,
  flags,
  audiences,
  reasons,
  confirmed: (age: Age, span: Span | null) => (span === null ? levels[age.level] : age.level === "unconfirmed" ? `laatst ${ago(span)}` : `${ago(span)} bevestigd`),
  asOf: (time) => `gegevens van ${time}`,
  lastData: (seconds, time, since) =>
    seconds < 90 ? `laatste gegevens ${seconds} s geleden` : `laatste gegevens van ${time}, ${since}`,
  invented: "verzonnen",
  noData: "nog geen gegevens",
  night: (dates) => `Nacht van ${dates}`,
  count: (n: number, of: Allotment) =>
    of === "room" ? `${n} ${n === 1 ? "kamer" : "kamers"}` : `${n} ${n === 1 ? "plaats" : "plaatsen"}`,
  back: (n, of, time) => `${nl.count(n, of)} buiten gebruik tot ${time}: terug?`,
  signIn: {
    title: "Aanmelden",
    login: "Gebruikersnaam",
    password: "Wachtwoord",
    submit: "Aanmelden",
    busy: "Aanmelden…",
    unreachable: "De server antwoordde niet. Controleer het netwerk en probeer opnieuw.",
    ended: "Uw sessie is afgelopen. Meld u opnieuw aan om verder te gaan.",
    refused: "Dat lukte niet.",
    out: "Afmelden",
    outFailed: "Geen antwoord. Weer afmelden",
    unsent: (n) =>
      `${n} nog niet verstuurd. Het blijft op deze telefoon en vertrekt zodra iemand zich hier weer aanmeldt. Toch afmelden?`,
  },
  refused: {
    forbidden: "Deze pagina is niet bedoeld voor uw account.",
    revoked: "Uw toegang werd ingetrokken, of u meldde zich elders aan.",
    retry: "Opnieuw proberen",
  },
};
