import type { SharingWords } from "./en";

export const people = (n: number): string => (n < 2 ? `${n} personne` : `${n} personnes`);
export const households = (n: number): string => (n < 2 ? `${n} ménage` : `${n} ménages`);
export const places = (n: number): string => (n < 2 ? `${n} place` : `${n} places`);
export const s = (n: number): string => (n < 2 ? "" : "s");

export const fr: SharingWords = {
  people,
  households,
  places,
  groups: {
    woman: "femmes seules",
    man: "hommes seuls",
    person: "personnes seules, X ou non précisé",
    adults: "adultes ensemble",
    family: "familles",
    minors: "mineur·e·s",
  },
  nowhere: "aucune place",
  cut: "La liaison en direct est coupée. Ce qui est affiché peut être ancien\u00a0; c’est redemandé toutes les quelques secondes.",
  unanswered: "Pas de réponse en ce moment. Ce qui est affiché peut être ancien\u00a0; c’est redemandé.",
  percent: (n) => `${n}\u00a0%`,
  tier: (n) => `rang ${n}`,
  lastTier: "tous les autres",
  rules: (version, hash) => `règles ${version} (${hash})`,
  somebody: "quelqu’un",
  copy: "Copier",
  copied: "Copié",
};
