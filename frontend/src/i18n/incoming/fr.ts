import type { IncomingWords } from "./en";

const whos = {
  woman: ["femme", "femmes"],
  man: ["homme", "hommes"],
  person: ["personne", "personnes"],
  girl: ["fille", "filles"],
  boy: ["garçon", "garçons"],
  child: ["enfant", "enfants"],
} as const;

const paused = "L’accueil de l’unité est alors suspendu jusqu’à midi.";
const barred = "L’orientation ne leur propose plus cette unité pendant quelques nuits.";

export const fr: IncomingWords = {
  title: "Qui arrive",
  nobody: "Personne n’est annoncé pour l’instant.",
  announced: (n) => (n < 2 ? "1 annonce attend une réponse" : `${n} annonces attendent une réponse`),
  failed: "Pas encore reçu. Un nouvel essai est en cours.",
  people: (n, who) => `${n} personnes\u00a0: ${who}`,
  who: (n, who) => `${n} ${whos[who][n < 2 ? 0 : 1]}`,
  aged: {
    "0-2": "de 0–2 ans",
    "3-11": "de 3–11 ans",
    "12-17": "de 12–17 ans",
    "18-25": "de 18–25 ans",
    "26-59": "de 26–59 ans",
    "60+": "de 60 ans ou plus",
  },
  relations: {
    partner: "partenaire",
    child: "fils ou fille",
    parent: "parent",
    sibling: "frère ou sœur",
    friend: "ami ou amie",
    other: "accompagne",
  },
  needs: {
    step_free: "accès de plain-pied",
    medical_care: "soins médicaux",
    together: "rester ensemble",
    pets: (n) => (n < 2 ? "1 animal" : `${n} animaux`),
    tolerance: { supervised: "consommation encadrée", open: "consommation tolérée" },
    speak: (languages) => `parle ${languages}`,
  },
  answerBy: (time, left) => `Répondre avant ${time} (${left})`,
  answerDue: (time) => `La réponse était attendue à ${time}`,
  expectedUntil: (time) => `Acceptée. Attendue jusqu’à ${time}`,
  accepted: "Acceptée.",
  left: (minutes) => (minutes < 60 ? `${minutes}\u00a0min` : `${Math.floor(minutes / 60)}\u00a0h`),
  seen: "L’orientation sait que vous l’avez vue.",
  arrived: "Arrivée",
  already: (n, ago) => `${n} ${n < 2 ? "libre" : "libres"}, compté ${ago}. Cette arrivée est-elle déjà comprise\u00a0?`,
  why: "Pourquoi pas\u00a0?",
  reasons: {
    full: "Complet",
    closed: "Fermé",
    "not-for-us": "Pas pour nous",
    "known-conflict": "Conflit connu ici",
    "rules-broken": "Règlement enfreint auparavant",
    "wrong-data": "Nos données sont fausses",
    "no-staff": "Trop peu de personnel",
  },
  follows: {
    full: "Combien sont libres maintenant\u00a0? Cela compte comme relevé.",
    closed: paused,
    "not-for-us": barred,
    "known-conflict": barred,
    "rules-broken": barred,
    "wrong-data": "L’unité attend alors votre relevé\u00a0: d’ici là, plus personne n’est annoncé.",
    "no-staff": paused,
  },
  others: (n) =>
    n < 2
      ? "1 autre est retenue pour quelqu’un en route\u00a0: comptez-la comme libre."
      : `${n} autres sont retenues pour des personnes en route\u00a0: comptez-les comme libres.`,
  declineAs: (reason) => `Refuser\u00a0: ${reason}`,
  back: "Retour",
  ended: "Arrivées qui ne sont plus attendues",
  endings: {
    arrived: "arrivée",
    declined: "refusée",
    cancelled: "annulée",
    lapsed: "sans réponse à temps",
    "no-show": "non-présentation",
  },
  late: "arrivée tardive",
  afterAll: "Arrivée malgré tout",
  all: (n) => `Les ${n}`,
};
