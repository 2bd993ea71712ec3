import type { AsideWords } from "./en";

export const nl: AsideWords = {
  report: {
    find: "Opvangcentrum of afdeling",
    hint: "Typ enkele letters, en kies dan.",
    none: "Geen afdeling heeft zo’n naam.",
    free: "Aantal vrij, volgens het opvangcentrum",
    now: (what) => `Op het bord: ${what}`,
    submit: (n, where) => `${n} vrij opgeven: ${where}`,
    done: (n, where) => `Genoteerd: ${n} vrij, ${where}.`,
    older: (where) => `Een nieuwere opgave telt voor ${where}. De uwe is bewaard, en verandert niets.`,
    moved: "De gegevens zijn intussen gewijzigd. Bekijk het aantal en geef het uwe opnieuw op.",
    another: "Nog een",
  },
  moves: {
    unknown: "Wie elders ondergebracht moet worden, is nu niet te achterhalen. Het wordt opnieuw gevraagd.",
    lead: "Afdelingen die gesloten zijn, of waar minder vrij is dan gereserveerd. De jongste belofte staat eerst; de oudste wordt het langst gehouden.",
    none: "Niemand moet elders ondergebracht worden.",
    why: { closed: "de afdeling sloot", overcommitted: "meer gereserveerd dan vrij" },
    look: "Een andere plaats zoeken",
  },
  keys: {
    use: "Sneltoetsen van één toets gebruiken",
    lead: "Ze werken zolang u niet typt. Met één losse toets wordt niets gereserveerd, gesloten of geannuleerd.",
    list: {
      n: "nieuwe aanvraag",
      q: "naar de wachtrij",
      j: "volgende aanvraag in de wachtrij",
      k: "de vorige",
      d: "naar het huishouden",
      "1–9": "naar dat voorstel; Enter reserveert het dan",
      r: "opgave voor een opvangcentrum",
      m: "huishoudens die elders onder te brengen zijn",
      t: "de loting",
      p: "het verdelingsplan",
      o: "de regels van de oriëntatie",
      "?": "deze lijst",
      Escape: "terug naar de wachtrij",
    },
    signs: "Tekens in de wachtrij",
    signList: {
      back: "een opvangcentrum weigerde, niemand kwam of de reservering verviel: de aanvraag wacht weer",
      silent: "het opvangcentrum antwoordde niet op tijd: bellen",
    },
  },
};
