import type { Allotment } from "../../api/types";
import type { ShelterWords } from "./en";

const things = (n: number, of: Allotment): string =>
  of === "room" ? (n < 2 ? "chambre" : "chambres") : n < 2 ? "place" : "places";
const free = (n: number): string => `${n} ${n < 2 ? "libre" : "libres"}`;

export const fr: ShelterWords = {
  title: "Mes unités",
  none: "Aucun centre n’est encore confié à ce compte.",
  noneHint: "L’administration de la région peut le faire.",
  waiting: "En attente de vos unités.",
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
  unchanged: (n) => `Rien n’a changé\u00a0: ${free(n)}`,
  confirm: (n) => `Oui, ${free(n)}`,
  unchangedAll: (n) => `Rien n’a changé dans ces ${n} unités`,
  send: (n) => `Envoyer\u00a0: ${free(n)}`,
  sendEmpty: "Envoyer",
  undo: "Annuler",
  closed: "Cette unité est fermée. L’administration de la région peut la rouvrir.",
  aboveCapacity: (capacity) => `Plus que les ${capacity} qui existent. Envoyez si c’est vrai.`,
  tooMany: "Ce n’est pas possible\u00a0: 10\u202f000 au plus.",
  further: "Hors service, accueil",
  furtherNow: {
    out: (n) => `${n} hors service`,
    paused: "accueil suspendu",
    pausedUntil: (time) => `accueil suspendu jusqu’à ${time}`,
  },
  out: {
    title: "Hors service",
    hint: "Celles-ci ne peuvent être données à personne\u00a0: ne les comptez pas comme libres.",
    less: (reason) => `${reason}\u00a0: une de moins`,
    more: (reason) => `${reason}\u00a0: une de plus`,
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
    applied: (n, time) => `Enregistré à ${time}\u00a0: ${free(n)}.`,
    repeated: (n, time) => `Déjà enregistré à ${time}\u00a0: ${free(n)}.`,
    superseded: (n, ago) =>
      `Un relevé plus récent compte\u00a0: ${free(n)}, confirmé ${ago}. Le vôtre est gardé et ne change rien.`,
    pinned: (n) => `Le compte d’un collègue reste valable pour l’instant\u00a0: ${free(n)}. Le vôtre est gardé.`,
    moved: (now, said) =>
      `Cela a changé entre-temps\u00a0: ${free(now)} maintenant. Vous aviez dit ${said}, ce n’est pas enregistré. ` +
      "Combien sont libres\u00a0?",
    movedClosed: "L’unité a changé entre-temps, votre nombre n’est pas enregistré.",
    movedLive: (now) => `Entre-temps\u00a0: ${free(now)}.`,
    startAgain: (now) => `Repartir de ${now}`,
    refused: "Pas enregistré.",
    unknown: (n) =>
      `Pas de réponse. Nous ne savons pas si «\u00a0${free(n)}\u00a0» est arrivé. L’envoi est répété et ne peut compter deux fois.`,
    busy: (n) =>
      `Le serveur est occupé\u00a0: «\u00a0${free(n)}\u00a0» n’est pas encore enregistré. L’envoi est répété.`,
    signedOut: (n) => `Reconnectez-vous, et «\u00a0${free(n)}\u00a0» sera envoyé.`,
    retry: "Renvoyer maintenant",
  },
};
