import type { HomeWords } from "./en";

export const fr: HomeWords = {
  board: "Tableau",
  desk: "Orientation",
  myUnits: "Mes unités",
  lead: "Où les personnes en recherche d’hébergement peuvent passer la nuit, tenu à jour par ceux qui le savent.",
  signedInAs: (role) => `Compte connecté\u00a0: ${role}.`,
  go: "Où aller\u00a0?",
  boardLead: "Toutes les places de la région, en direct.",
  deskLead: "Qui demande une place, ce qui convient et pourquoi, et qui est en route.",
  unitsLead: "Dire combien de places sont libres, en trois gestes.",
  receipt: "Suivre une demande avec le code du reçu",
  roles: {
    staff: "équipe d’un centre",
    desk: "service d’orientation",
    supervisor: "supervision",
    administrator: "administration",
    machine: "machine",
    public: "visiteur",
  },
};
