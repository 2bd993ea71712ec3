import type { Allotment } from "../../api/types";
import type { ShelterWords } from "./en";

const things = (n: number, of: Allotment): string =>
  of === "room" ? (n < 2 ? "chambre" : "chambres") : n < 2 ? "place" : "places";

export const fr: ShelterWords = {
  title: "Mes unités",
  none: "Aucun centre n’est encore confié à ce compte.",
  noneHint: "L’administration de la région peut le faire.",
  waiting: "En attente de vos unités.",
  about: (what, said) => `${what}\u00a0: ${said}`,
  count: (n) => `${n} ${n < 2 ? "libre" : "libres"}`,
  free: (n, of) => `${things(n, of)} ${n < 2 ? "libre" : "libres"}`,
  freeLabel: (unit) => `${unit}\u00a0: combien sont libres`,
  ofCapacity: (capacity) => `sur ${capacity}`,
  less: (unit) => `${unit}\u00a0: une de moins`,
  more: (unit) => `${unit}\u00a0: une de plus`,
  held: (n) =>
    n < 2
      ? "1 est retenue pour quelqu’un en route\u00a0: comptez-la comme libre."
      : `${n} sont retenues pour des personnes en route\u00a0: comptez-les comme libres.`,
  heldFull: (n) =>
    n < 2
      ? "1 est retenue, et aucune n’est libre. L’orientation le voit."
      : `${n} sont retenues, et moins sont libres. L’orientation le voit.`,
  overBy: (n) => `${n} au-delà de la capacité`,
  expected: (n, of) => `${things(n, of)} ${n < 2 ? "libre attendue" : "libres attendues"}`,
  ask: "Combien sont libres\u00a0?",
  unchanged: (count) => `Rien n’a changé\u00a0: ${count}`,
  confirm: (count) => `Oui, ${count}`,
  isRight: (count) => `«\u00a0${count}\u00a0» est juste`,
  unchangedAll: (n) => `Rien n’a changé dans ces ${n} unités`,
  confirmAll: (n) => `Oui, les ${n} nombres ci-dessus sont justes`,
  send: (what) => `Envoyer\u00a0: ${what}`,
  sendEmpty: "Envoyer",
  undo: "Annuler",
  closed: "Cette unité est fermée. L’administration de la région peut la rouvrir.",
  coming: (night, count) => `${night}, à partir de midi\u00a0: ${count}`,
  expires: (time) => `Ferme d’elle-même\u00a0: ${time}`,
  asks: { back: "Oui, de retour", notYet: "Pas encore" },
  night: {
    ends: "Cette nuit se termine à 12h. Vous pouvez déjà compter la suivante.",
    begins: "Pour la nuit qui commence à 12h. Visible à partir de là.",
    began: "Une nouvelle nuit a commencé à 12h. Personne ne l’a encore comptée.",
    which: "Pour quelle nuit\u00a0?",
    this: "Jusqu’à 12h",
    next: "À partir de 12h",
  },
  move: {
    in: "Entrée",
    out: "Départ",
    howMany: "Combien",
    said: {
      in: (n) => `${n} ${n < 2 ? "entrée" : "entrées"}`,
      out: (n) => `${n} ${n < 2 ? "départ" : "départs"}`,
    },
    already: (n, ago) => `${n} ${n < 2 ? "libre" : "libres"}, compté ${ago}. Est-ce déjà compris\u00a0?`,
    included: (n) => `Oui, cela reste ${n}`,
    not: (n) => `Non, maintenant ${n}`,
    void: "Annuler",
    isVoid: "annulé",
    correction: "Correction",
    voided: (count) => `Annulé\u00a0: cela ne compte plus. Maintenant ${count}.`,
    recorded: (what, count) => `Enregistré\u00a0: ${what}. Maintenant ${count}.`,
    title: "Entrées et départs, sur ce téléphone",
    hint: "Une erreur\u00a0? Annulez-la\u00a0: le nombre sera comme si elle n’avait pas eu lieu.",
  },
  acts: { accept: "Accepter", decline: "Refuser", "no-show": "Non-présentation" },
  fetching: "La liste des arrivées est en cours de réception. Si cela dure, rechargez la page.",
  asking: (n) =>
    n < 2 ? "1 unité demande\u00a0: est-ce encore juste\u00a0?" : `${n} unités demandent\u00a0: est-ce encore juste\u00a0?`,
  others: (n) => `${n} de plus ci-dessous.`,
  news: {
    title: "Pendant votre absence",
    seen: "J’ai lu",
    unsent: (n) => `${n} pas encore ${n < 2 ? "envoyé" : "envoyés"}`,
    lost: "Ce navigateur ne garde rien\u00a0: fermer la page perd ce qui n’est pas envoyé.",
    elsewhere: "Pas pour ce compte. Attend un ou une collègue qui peut l’envoyer.",
    discard: "Jeter",
    secret: "Centre",
    remembered: "Pas de connexion\u00a0: voici ce que vous avez vu en dernier. Ce que vous dites est gardé et envoyé plus tard. Qui arrive n’est jamais gardé sur un téléphone.",
  },
  aboveCapacity: (capacity) => `Plus que les ${capacity} qui existent. Envoyez si c’est vrai.`,
  tooMany: "Ce n’est pas possible\u00a0: 10\u202f000 au plus.",
  further: "Hors service, accueil",
  now: {
    out: (n) => (n === 0 ? "rien hors service" : `${n} hors service`),
    open: "accueil ouvert",
    paused: "accueil suspendu",
    pausedUntil: (time) => `accueil suspendu jusqu’à ${time}`,
  },
  out: {
    title: "Hors service",
    hint: "Celles-ci ne peuvent être données à personne\u00a0: ne les comptez pas comme libres.",
    less: (reason) => `${reason}\u00a0: une de moins`,
    more: (reason) => `${reason}\u00a0: une de plus`,
    noEnd: "Sans fin connue.",
    endsAt: (time) => `Jusqu’à ${time}. Puis on vous demandera.`,
    over: "Au-delà de la capacité",
    overHint: "Personnes présentes en plus des places. Seulement quand aucune n’est libre.",
  },
  intake: {
    title: "Accueil",
    open: "Ouvert",
    pause: "Suspendre",
    until: "Jusqu’à",
    hour: "1 heure",
    hours: (n) => `${n} heures`,
    openEnd: "jusqu’à ce que je rouvre",
    endsAt: (time) => `Rouvre de lui-même à ${time}.`,
    noEnd: "Reste suspendu jusqu’à ce que vous rouvriez.",
  },
  result: {
    sending: "Envoi…",
    applied: (what, time) => `Enregistré à ${time}\u00a0: ${what}.`,
    uncounted: "Le nombre de places libres n’a pas été confirmé.",
    coming: (count) => `Enregistré pour cette nuit, à partir de midi\u00a0: ${count}.`,
    answered: (what) => `Enregistré\u00a0: «\u00a0${what}\u00a0».`,
    not: (what) => `«\u00a0${what}\u00a0» n’est pas enregistré.`,
    superseded: (count, ago) => `Un relevé plus récent compte\u00a0: ${count}, confirmé ${ago}.`,
    newer: "Un relevé plus récent compte.",
    kept: "Le vôtre est gardé et ne change rien. Si ce n’est pas juste, dites-le à nouveau.",
    moved: (now, said) =>
      `Cela a changé entre-temps\u00a0: ${now} maintenant. Vous aviez dit «\u00a0${said}\u00a0», ce n’est pas enregistré. ` +
      "Vérifiez et redites-le.",
    movedClosed: "L’unité a changé entre-temps, votre nombre n’est pas enregistré.",
    movedLive: (now) => `Entre-temps\u00a0: ${now}.`,
    startAgain: (now) => `Repartir de ${now}`,
    unknown: (what) =>
      `Pas de réponse. Nous ne savons pas si «\u00a0${what}\u00a0» est arrivé. L’envoi est répété et ne peut compter deux fois.`,
    busy: (what) =>
      `Le serveur est occupé\u00a0: «\u00a0${what}\u00a0» n’est pas encore enregistré. L’envoi est répété.`,
    signedOut: (what) => `Reconnectez-vous, et «\u00a0${what}\u00a0» sera envoyé.`,
    offline: (what) =>
      `Pas de connexion. «\u00a0${what}\u00a0» est gardé sur ce téléphone, et envoyé dès qu’il y en a une.`,
    backTo: (count) => `Annuler\u00a0: à nouveau ${count}`,
    retry: "Renvoyer maintenant",
  },
};
