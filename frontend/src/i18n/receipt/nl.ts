import type { ReceiptWords } from "./en";

const minutes = (seconds: number): number => Math.max(1, Math.ceil(seconds / 60));

export const nl: ReceiptWords = {
  title: "Een aanvraag volgen",
  lead: "Met de code op het ontvangstbewijs ziet u hoe het met een aanvraag voor een plaats staat. Zonder account, zonder naam.",
  code: "Code van het ontvangstbewijs",
  show: "Tonen",
  asking: "Een ogenblik…",
  again: "Opnieuw kijken",
  renew: "Nog altijd op zoek naar een plaats",
  renewHint: "De aanvraag blijft dan langer geldig.",
  renewed: "Genoteerd: de aanvraag blijft langer geldig.",
  other: "Een andere code",
  state: {
    waiting: "In afwachting",
    "place-held": "Er is een plaats gereserveerd",
    arrived: "Aangekomen",
    closed: "Afgesloten",
  },
  what: {
    waiting: "De aanvraag ligt bij de oriëntatiedienst. Er is nog geen plaats gereserveerd.",
    "place-held": "De oriëntatiedienst zegt waar: een ontvangstbewijs zegt dat nooit.",
    arrived: "Het opvangcentrum heeft de aankomst genoteerd.",
    closed: "Deze aanvraag wordt niet meer gevolgd. Wie nog een plaats zoekt, vraagt het opnieuw aan de oriëntatiedienst.",
  },
  asked: (time: string): string => `Gevraagd: ${time}.`,
  refreshed: (time: string): string => `Laatst bevestigd: ${time}.`,
  until: (time: string): string => `Geldig tot ${time}.`,
  seen: (time: string): string => `Stand van ${time}`,
  wrong: "Geen aanvraag heeft deze code. Vergelijk ze teken voor teken met het ontvangstbewijs en probeer opnieuw.",
  often: (seconds: number): string =>
    `Te veel pogingen van hier. Wacht ${minutes(seconds)}\u00a0min en probeer dan opnieuw. Dit verandert niets aan de aanvraag.`,
  over: "De aanvraag is afgesloten.",
  unreachable: "Geen antwoord. Kijk het netwerk na en probeer opnieuw.",
  private: "De code wordt niet op dit toestel bewaard. Sluit de pagina als u klaar bent.",
};
