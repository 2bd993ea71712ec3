import type { Ask, Blocker, Change, TermCode, Tolerance } from "../../desk/codes";
import type { Says } from "../../desk/saying";
import { at, de, until } from "../joining/fr";
import type { ReasonWords } from "./en";

type Sentence = (f: Says) => string;

const people = (n: number | null): string => (n === null ? "tout le monde" : n < 2 ? `${n} personne` : `${n} personnes`);
const tolerances: Record<Tolerance, string> = {
  none: "aucune consommation",
  supervised: "consommation encadrée seulement",
  open: "consommation tolérée",
};
const features: Record<string, string> = {
  "step-free": "accès de plain-pied",
  pets: "animaux admis",
  "medical-care": "soins",
  tolerance: "consommation tolérée",
  families: "pour familles",
  minors: "pour mineurs",
};
const wishes: Record<string, string> = { commune: "la commune souhaitée", room: "une chambre à part" };
const bands: Record<string, string> = { "0": "aucune", "1-2": "1 ou 2", "3+": "3 ou plus" };

function ages(f: Says): string {
  const [min, max] = [f.number("age_min"), f.number("age_max")];
  if (min !== null && max !== null) return `${min} à ${max} ans`;
  return min !== null ? `${min} ans ou plus` : max !== null ? `${max} ans au plus` : "";
}

const untilThen = (f: Says): string => (f.time("until") === "" ? "" : ` ${until(f.time("until"))}`);

const blockers: Record<Blocker, Sentence> = {
  "no-places": (f) => {
    const left = f.text("band") !== "" ? bands[f.text("band")]! : f.number("left") === null ? "trop peu de places" : String(f.number("left"));
    const many = left === "trop peu de places" || f.text("band") === "1-2" || f.text("band") === "3+" || (f.number("left") ?? 0) > 1;
    return `${left === "0" ? "aucune" : left} disponible${many ? "s" : ""}, il en faut ${f.number("need") ?? 1}`;
  },
  unconfirmed: () => "personne n’a encore confirmé les places de cette nuit",
  "awaiting-report": () => "rouverte, elle n’a pas encore dit combien sont libres",
  "intake-paused": (f) => `l’accueil est en pause${untilThen(f)}`,
  "room-too-small": (f) => `ses chambres sont pour ${f.number("room_size") ?? "…"}\u00a0; le ménage compte ${people(f.number("party"))}`,
  "party-too-large": (f) => `au plus ${people(f.number("party_max"))} ensemble\u00a0; le ménage en compte ${f.number("party") ?? "…"}`,
  "party-too-small": (f) => `au moins ${people(f.number("party_min"))} ensemble\u00a0; le ménage en compte ${f.number("party") ?? "…"}`,
  age: (f) => (ages(f) === "" ? "l’âge admis n’est pas connu" : `réservée aux personnes de ${ages(f)}`),
  gender: (f) => `réservée aux publics suivants\u00a0: ${f.audience()}`,
  children: (f) => `n’accueille pas d’enfants (unité pour ${f.audience()})`,
  "minor-alone": (f) => `n’accueille pas de mineurs non accompagnés (unité pour ${f.audience()})`,
  "families-only": () => "réservée aux familles",
  "minors-only": () => "réservée aux mineurs",
  pets: () => "n’accueille pas d’animaux",
  "medical-care": () => "n’offre pas de soins",
  tolerance: (f) => `sa règle est «\u00a0${tolerances[f.text("tolerance") as Tolerance] ?? "une autre"}\u00a0»`,
  barred: (f) => `a refusé (${f.declined() || "pour une raison qui demeure"})\u00a0; n’est plus proposée${untilThen(f)}`,
  "away-commune": (f) => `le ménage doit éviter\u00a0: ${f.commune("commune")}`,
  "away-shelter": () => "le ménage doit éviter ce centre",
  "step-free": () => "il y a des escaliers",
  regime: (f) => (f.text("regime") === "admission" ? "admet après entretien, pas pour cette nuit" : "pour une nuit, pas pour une admission"),
  expired: (f) => `s’est fermée d’elle-même${f.time("expires_at") === "" ? "" : ` ${at(f.time("expires_at"))}`}`,
  closed: () => "est fermée",
};

const asks: Record<Ask, Sentence> = {
  places: (f) => `y en a-t-il ${f.number("need") ?? "assez"} de libres\u00a0?`,
  "room-size": (f) => `la chambre suffit-elle pour ${f.number("party") ?? "tout le monde"}\u00a0?`,
  age: (f) => `chacun a-t-il l’âge admis${ages(f) && ` (${ages(f)})`}\u00a0?`,
  gender: (f) => `une unité pour ${f.audience()} peut-elle les accueillir\u00a0?`,
  family: (f) => `sont-ils considérés comme une famille\u00a0? (unité pour ${f.audience()})`,
  "minor-alone": () => "un mineur peut-il venir sans adulte\u00a0?",
  "step-free": () => "est-ce accessible de plain-pied\u00a0?",
  pets: () => "l’animal peut-il venir\u00a0?",
  "medical-care": () => "peuvent-ils donner des soins\u00a0?",
  tolerance: () => "quelle est la règle pour l’alcool et les drogues\u00a0?",
  "intake-hours": (f) => (f.text("intake_to") === "" ? "les laissera-t-on encore entrer\u00a0?" : `les laissera-t-on entrer après ${f.hour("intake_to")}\u00a0?`),
};

const changes: Record<Change, Sentence> = {
  "places-free": (f) => (f.number("more") === null ? `${f.number("need") ?? "assez"} se libéraient` : `${f.number("more")} de plus se libérai${f.number("more") === 1 ? "t" : "ent"}`),
  "split-party": (f) => `le ménage acceptait d’être séparé\u00a0: il y a de la place pour ${people(f.number("places"))}`,
  report: () => "le centre faisait un relevé\u00a0: téléphoner",
  "intake-opens": (f) => (f.time("until") === "" ? "l’accueil rouvrait\u00a0: téléphoner" : `l’accueil rouvrait ${at(f.time("until"))}, ou plus tôt sur demande`),
  "intake-agrees": () => "quelqu’un à l’accueil était d’accord\u00a0: téléphoner",
  "household-agrees": () => "le ménage voulait y aller quand même",
  wait: (f) => (f.time("until") === "" ? "on attendait" : `on attendait\u00a0: possible dès ${f.time("until")}`),
  "other-regime": (f) => (f.text("regime") === "admission" ? "la demande était pour une admission" : "la demande était pour cette nuit"),
  reopen: () => "elle rouvrait\u00a0: téléphoner",
};

const terms: Record<TermCode, Sentence> = {
  distance: (f) => (f.km("km") === "" ? "distance inconnue" : `à ${f.km("km")} km ${de(f.commune("near") || "l’endroit souhaité")}`),
  continuity: () => "le ménage y était la nuit passée",
  language: (f) => `on y parle ${f.languages("languages") || "leur langue"}`,
  preferences: (f) => f.list("met").map((one) => wishes[one] ?? one).join(", ") || "ce qu’ils préfèrent",
  thrift: (f) => {
    const rare = f.list("features").map((one) => features[one] ?? one).join(", ");
    const spare = f.number("spare") ?? 0;
    const room = spare > 0 ? `${spare} ${spare === 1 ? "place de la chambre resterait vide" : "places de la chambre resteraient vides"}` : "";
    return [rare && `gardée pour qui en a besoin\u00a0: ${rare}`, room].filter(Boolean).join("\u00a0; ") || "gardée pour qui en a besoin";
  },
  age: (f) => (f.time("confirmed_at") === "" ? "personne n’a confirmé le nombre" : `compté ${at(f.time("confirmed_at"))}`),
  asks: (f) => `${f.number("asks") ?? 1} à demander d’abord`,
};

export const fr: ReasonWords = { blockers, asks, changes, terms, unknown: "pour une raison que cette page ne connaît pas encore", orList: " ou ", join: "\u00a0; " };
