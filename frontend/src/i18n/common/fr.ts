import type { Age, Level, Span } from "../../live/freshness";
import type { Admits, Allotment, Flag, OutReason, Status } from "../../api/types";
import type { Condition } from "../../live/connection";
import type { CommonWords } from "./en";

const pad = (minutes: number): string => String(minutes).padStart(2, "0");

function ago(span: Span): string {
  switch (span.unit) {
    case "now":
      return "à l’instant";
    case "minutes":
      return `il y a ${span.minutes}\u00a0min`;
    case "hours":
      return span.minutes ? `il y a ${span.hours}\u00a0h\u00a0${pad(span.minutes)}` : `il y a ${span.hours}\u00a0h`;
    case "days":
      return span.days === 1 ? "il y a 1 jour" : `il y a ${span.days} jours`;
  }
}

const levels: Record<Level, string> = {
  fresh: "récent",
  ageing: "vieillissant",
  stale: "périmé",
  silent: "silencieux",
  unconfirmed: "non confirmé cette nuit",
  never: "jamais confirmé",
};

const conditions: Record<Condition, string> = {
  connecting: "Connexion",
  live: "En direct",
  journal: "Suite d’après le journal",
  lost: "Le serveur a perdu l’inventaire de vue",
  quiet: "Connecté, le serveur se tait",
  reconnecting: "Reconnexion",
  ended: "Déconnecté",
};

const statuses: Record<Status, string> = {
  open: "ouvert",
  unconfirmed: "non confirmé cette nuit",
  "awaiting-report": "en attente d’un relevé",
  closed: "fermé",
};

const flags: Record<Flag, string> = {
  "above-capacity": "plus de libres que de places",
  "over-capacity": "au-delà de la capacité",
  overcommitted: "plus de retenues que de libres",
  "clock-skew": "horloge déréglée",
  stuck: "la source se répète",
};

const audiences: Record<Admits, string> = {
  men: "hommes",
  women: "femmes",
  families: "familles",
  minors: "mineurs",
  everyone: "tout public",
};

const reasons: Record<OutReason, string> = {
  cleaning: "nettoyage",
  repair: "réparation",
  staff: "manque de personnel",
  quarantine: "quarantaine",
  "kept-for-partner": "réservé à un partenaire",
  other: "autre raison",
};

export const fr: CommonWords = {
  languageLabel: "Langue",
  skip: "Aller au contenu",
  home: "Page d’accueil",
  ago,
  levels,
  conditions,
  statuses,
  flags,
  audiences,
  reasons,
  confirmed: (age: Age, span: Span | null) => (span === null ? levels[age.level] : `${age.level === "unconfirmed" ? "la dernière fois" : "confirmé"} ${ago(span)}`),
  asOf: (time) => `données de ${time}`,
  lastData: (seconds, time, since) =>
    seconds < 90 ? `dernières données il y a ${seconds} s` : `dernières données de ${time}, ${since}`,
  invented: "inventé",
  noData: "pas encore de données",
  night: (dates) => `Nuit du ${dates}`,
  count: (n: number, of: Allotment) =>
    of === "room" ? `${n} ${n < 2 ? "chambre" : "chambres"}` : `${n} ${n < 2 ? "place" : "places"}`,
  back: (n, of, time) => `${fr.count(n, of)} hors service jusqu’à ${time}\u00a0: de retour\u00a0?`,
  signIn: {
    title: "Se connecter",
    login: "Identifiant",
    password: "Mot de passe",
    submit: "Se connecter",
    busy: "Connexion…",
    unreachable: "Le serveur n’a pas répondu. Vérifiez le réseau et réessayez.",
    ended: "Votre session est terminée. Reconnectez-vous pour continuer.",
    refused: "Cela n’a pas fonctionné.",
    out: "Déconnexion",
    outFailed: "Pas de réponse. Déconnecter",
    unsent: (n) =>
      `${n} pas encore ${n < 2 ? "envoyé" : "envoyés"}. Cela reste sur ce téléphone et part dès que quelqu’un s’y connecte. ` +
      "Se déconnecter quand même\u00a0?",
  },
  refused: {
    forbidden: "Cette page n’est pas destinée à votre compte.",
    revoked: "Votre accès a été retiré, ou vous vous êtes connecté ailleurs.",
    retry: "Réessayer",
  },
};
