import type { ReceiptWords } from "./en";

const minutes = (seconds: number): number => Math.max(1, Math.ceil(seconds / 60));

export const fr: ReceiptWords = {
  title: "Suivre une demande",
  lead: "Le code du reçu montre où en est une demande de place. Sans compte et sans nom.",
  code: "Code du reçu",
  show: "Afficher",
  asking: "Un instant…",
  again: "Regarder à nouveau",
  renew: "Toujours à la recherche d’une place",
  renewHint: "La demande reste alors valable plus longtemps.",
  renewed: "C’est noté\u00a0: la demande reste valable plus longtemps.",
  other: "Un autre code",
  state: {
    waiting: "En attente",
    "place-held": "Une place est retenue",
    arrived: "Arrivée enregistrée",
    closed: "Clôturée",
  },
  what: {
    waiting: "La demande est au service d’orientation. Aucune place n’est encore retenue.",
    "place-held": "Le service d’orientation dit où\u00a0: un reçu ne le dit jamais.",
    arrived: "Le centre a enregistré l’arrivée.",
    closed: "Cette demande n’est plus suivie. Qui cherche encore une place s’adresse à nouveau au service d’orientation.",
  },
  asked: (time: string): string => `Demandée\u00a0: ${time}.`,
  refreshed: (time: string): string => `Confirmée en dernier\u00a0: ${time}.`,
  until: (time: string): string => `Valable jusqu’à ${time}.`,
  seen: (time: string): string => `Situation de ${time}`,
  wrong: "Aucune demande n’a ce code. Comparez-le signe par signe avec le reçu et réessayez.",
  often: (seconds: number): string =>
    `Trop d’essais depuis ici. Attendez ${minutes(seconds)}\u00a0min, puis réessayez. Cela ne change rien à la demande.`,
  over: "La demande est clôturée.",
  unreachable: "Pas de réponse. Vérifiez le réseau et réessayez.",
  private: "Le code n’est pas gardé sur cet appareil. Fermez la page quand vous avez fini.",
};
