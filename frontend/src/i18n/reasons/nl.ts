import type { Ask, Blocker, Change, TermCode, Tolerance } from "../../desk/codes";
import type { Says } from "../../desk/saying";
import { at } from "../joining/nl";
import type { ReasonWords } from "./en";

type Sentence = (f: Says) => string;

const people = (n: number | null): string => (n === null ? "iedereen" : n === 1 ? "1 persoon" : `${n} personen`);
const tolerances: Record<Tolerance, string> = {
  none: "geen gebruik",
  supervised: "alleen gebruik onder begeleiding",
  open: "gebruik gedoogd",
};
const features: Record<string, string> = {
  "step-free": "drempelvrij",
  pets: "huisdieren welkom",
  "medical-care": "medische zorg",
  tolerance: "gebruik gedoogd",
  families: "voor gezinnen",
  minors: "voor minderjarigen",
};
const wishes: Record<string, string> = { commune: "de gewenste gemeente", room: "een eigen kamer" };
const bands: Record<string, string> = { "0": "geen", "1-2": "1 of 2", "3+": "3 of meer" };

function ages(f: Says): string {
  const [min, max] = [f.number("age_min"), f.number("age_max")];
  if (min !== null && max !== null) return `van ${min} tot ${max} jaar`;
  return min !== null ? `vanaf ${min} jaar` : max !== null ? `tot ${max} jaar` : "";
}

const until = (f: Says, key = "until"): string => (f.time(key) === "" ? "" : ` tot ${f.time(key)}`);

const blockers: Record<Blocker, Sentence> = {
  "no-places": (f) => {
    const left = f.text("band") !== "" ? bands[f.text("band")]! : f.number("left") === null ? "te weinig" : String(f.number("left"));
    return `${left === "0" ? "geen" : left} beschikbaar, ${f.number("need") ?? 1} nodig`;
  },
  unconfirmed: () => "niemand heeft de plaatsen voor vannacht al bevestigd",
  "awaiting-report": () => "ze is heropend en heeft nog niet gezegd hoeveel er vrij zijn",
  "intake-paused": (f) => `de intake is gepauzeerd${until(f)}`,
  "room-too-small": (f) => `de kamers zijn voor ${f.number("room_size") ?? "…"}; het huishouden telt ${people(f.number("party"))}`,
  "party-too-large": (f) => `hoogstens ${people(f.number("party_max"))} samen; het huishouden telt er ${f.number("party") ?? "…"}`,
  "party-too-small": (f) => `minstens ${people(f.number("party_min"))} samen; het huishouden telt er ${f.number("party") ?? "…"}`,
  age: (f) => (ages(f) === "" ? "de toegelaten leeftijd is niet bekend" : `voor personen ${ages(f)}`),
  gender: (f) => `ze is voor ${f.audience()}`,
  children: (f) => `ontvangt geen kinderen (voor ${f.audience()})`,
  "minor-alone": (f) => `ontvangt geen minderjarigen zonder volwassene (voor ${f.audience()})`,
  "families-only": () => "ze is voor gezinnen",
  "minors-only": () => "ze is voor minderjarigen",
  pets: () => "huisdieren zijn er niet welkom",
  "medical-care": () => "biedt geen medische zorg",
  tolerance: (f) => `haar regel is ${tolerances[f.text("tolerance") as Tolerance] ?? "een andere"}`,
  barred: (f) => `ze weigerde (${f.declined() || "om een reden die blijft"}), niet meer voorgesteld${until(f)}`,
  "away-commune": (f) => `ze moeten ${f.commune("commune")} vermijden`,
  "away-shelter": () => "ze moeten dit opvangcentrum vermijden",
  "step-free": () => "er zijn trappen",
  regime: (f) => (f.text("regime") === "admission" ? "ze neemt op na een gesprek, niet voor vannacht" : "voor één nacht, niet voor een opname"),
  expired: (f) => `ze sloot vanzelf${f.time("expires_at") === "" ? "" : ` ${at(f.time("expires_at"))}`}`,
  closed: () => "ze is gesloten",
};

const asks: Record<Ask, Sentence> = {
  places: (f) => `zijn er ${f.number("need") ?? "genoeg"} vrij?`,
  "room-size": (f) => `is de kamer groot genoeg voor ${f.number("party") ?? "iedereen"}?`,
  age: (f) => `heeft iedereen de juiste leeftijd${ages(f) && ` (${ages(f)})`}?`,
  gender: (f) => `mogen ze terecht in een afdeling voor ${f.audience()}?`,
  family: (f) => `gelden ze daar als gezin (voor ${f.audience()})?`,
  "minor-alone": () => "mag een minderjarige zonder volwassene komen?",
  "step-free": () => "is het er drempelvrij?",
  pets: () => "mag het huisdier mee?",
  "medical-care": () => "bieden ze medische zorg?",
  tolerance: () => "wat is de regel voor alcohol en drugs?",
  "intake-hours": (f) => (f.text("intake_to") === "" ? "laten ze hen nog binnen?" : `laten ze hen nog binnen na ${f.hour("intake_to")}?`),
};

const changes: Record<Change, Sentence> = {
  "places-free": (f) => (f.number("more") === null ? `er ${f.number("need") ?? "genoeg"} vrij waren` : `er ${f.number("more")} meer vrijkwam${f.number("more") === 1 ? "" : "en"}`),
  "split-party": (f) => `ze apart onderdak aanvaarden: er is plaats voor ${people(f.number("places"))}`,
  report: () => "het opvangcentrum een opgave doet: bellen",
  "intake-opens": (f) => (f.time("until") === "" ? "de intake weer opent: bellen" : `de intake opent ${at(f.time("until"))}, of vroeger op vraag`),
  "intake-agrees": () => "iemand van de intake akkoord gaat: bellen",
  "household-agrees": () => "ze er toch heen willen",
  wait: (f) => (f.time("until") === "" ? "er gewacht wordt" : `er gewacht wordt: mogelijk vanaf ${f.time("until")}`),
  "other-regime": (f) => (f.text("regime") === "admission" ? "ze een opname vroegen" : "ze voor vannacht vroegen"),
  reopen: () => "de afdeling weer opengaat: bellen",
};

const terms: Record<TermCode, Sentence> = {
  distance: (f) => (f.km("km") === "" ? "afstand onbekend" : `${f.km("km")} km van ${f.commune("near") || "waar ze willen zijn"}`),
  continuity: () => "ze waren er vorige nacht",
  language: (f) => `men spreekt er ${f.languages("languages") || "hun taal"}`,
  preferences: (f) => f.list("met").map((one) => wishes[one] ?? one).join(", ") || "wat ze liever hebben",
  thrift: (f) => {
    const rare = f.list("features").map((one) => features[one] ?? one).join(", ");
    const spare = f.number("spare") ?? 0;
    const room = spare > 0 ? `${spare} ${spare === 1 ? "plaats" : "plaatsen"} van de kamer ${spare === 1 ? "blijft" : "blijven"} leeg` : "";
    return [rare && `bewaard voor wie het nodig heeft: ${rare}`, room].filter(Boolean).join("; ") || "bewaard voor wie het nodig heeft";
  },
  age: (f) => (f.time("confirmed_at") === "" ? "niemand heeft het aantal bevestigd" : `geteld ${at(f.time("confirmed_at"))}`),
  asks: (f) => `${f.number("asks") ?? 1} eerst na te vragen`,
};

export const nl: ReasonWords = { blockers, asks, changes, terms, unknown: "om een reden die deze pagina nog niet kent", orList: " of ", join: "; " };
