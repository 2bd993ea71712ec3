import type { SharingWords } from "./en";

export const people = (n: number): string => (n === 1 ? "1 persoon" : `${n} personen`);
export const households = (n: number): string => (n === 1 ? "1 huishouden" : `${n} huishoudens`);
export const places = (n: number): string => (n === 1 ? "1 plaats" : `${n} plaatsen`);

export const nl: SharingWords = {
  people,
  households,
  places,
  groups: {
    woman: "vrouwen alleen",
    man: "mannen alleen",
    person: "mensen alleen, X of niet gezegd",
    adults: "volwassenen samen",
    family: "gezinnen",
    minors: "minderjarigen",
  },
  nowhere: "geen plaats",
  cut: "De rechtstreekse verbinding is weg. Wat hier staat, kan oud zijn; het wordt om de paar seconden opnieuw gevraagd.",
  unanswered: "Geen antwoord op dit moment. Wat hier staat, kan oud zijn; het wordt opnieuw gevraagd.",
  percent: (n) => `${n}\u00a0%`,
  tier: (n) => `rang ${n}`,
  lastTier: "alle anderen",
  rules: (version, hash) => `regels ${version} (${hash})`,
  somebody: "iemand",
  copy: "Kopiëren",
  copied: "Gekopieerd",
};
