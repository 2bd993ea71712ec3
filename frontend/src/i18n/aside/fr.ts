import type { AsideWords } from "./en";

export const fr: AsideWords = {
  report: {
    find: "Centre ou unité",
    hint: "Quelques lettres, puis choisir.",
    none: "Aucune unité ne porte ce nom.",
    free: "Places libres, selon le centre",
    now: (what) => `Au tableau\u00a0: ${what}`,
    submit: (n, where) => `Enregistrer\u00a0: ${n} ${Number(n) < 2 ? "libre" : "libres"}, ${where}`,
    done: (n, where) => `Enregistré\u00a0: ${n} libre${n < 2 ? "" : "s"}, ${where}.`,
    older: (where) => `Un relevé plus récent compte pour ${where}. Le vôtre est conservé, et ne change rien.`,
    moved: "L’unité a changé entre-temps. Vérifiez le nombre, puis redonnez le vôtre.",
    another: "Un autre",
  },
  moves: {
    unknown: "Impossible de savoir pour l’instant qui est à réorienter. La question est posée de nouveau.",
    lead: "Unités fermées, ou avec plus de places retenues que de places libres. La promesse la plus récente vient d’abord\u00a0; la plus ancienne est tenue le plus longtemps.",
    none: "Personne n’est à réorienter.",
    why: { closed: "l’unité a fermé", overcommitted: "plus de places retenues que de places libres" },
    look: "Chercher une autre place",
  },
  keys: {
    use: "Utiliser les raccourcis à une touche",
    lead: "Elles agissent tant qu’on n’écrit pas. Aucune touche seule ne retient, ne clôt ni n’annule rien.",
    list: {
      n: "nouvelle demande",
      q: "vers la file",
      j: "demande suivante de la file",
      k: "la précédente",
      d: "vers le ménage",
      "1–9": "vers cette proposition\u00a0; Entrée la retient",
      r: "relevé pour un centre",
      m: "ménages à réorienter",
      t: "le tirage",
      p: "le plan de répartition",
      o: "les règles de l’orientation",
      "?": "cette liste",
      Escape: "retour à la file",
    },
    signs: "Signes dans la file",
    signList: {
      back: "un centre a refusé, personne n’est venu ou le délai a expiré\u00a0: la demande attend de nouveau",
      silent: "le centre n’a pas répondu à temps\u00a0: téléphoner",
    },
  },
};
