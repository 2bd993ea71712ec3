import type { HomeWords } from "./en";

export const nl: HomeWords = {
  board: "Bord",
  desk: "Oriëntatie",
  myUnits: "Mijn afdelingen",
  lead: "Waar mensen die opvang zoeken vannacht terechtkunnen, bijgehouden door wie het weet.",
  signedInAs: (role) => `Aangemeld: ${role}.`,
  go: "Waarheen?",
  boardLead: "Alle plaatsen van het gewest, live.",
  deskLead: "Wie een plaats vraagt, wat past en waarom, en wie onderweg is.",
  unitsLead: "Zeggen hoeveel plaatsen vrij zijn, in drie tikken.",
  receipt: "Een aanvraag volgen met de code van het ontvangstbewijs",
  roles: {
    staff: "opvangteam",
    desk: "oriëntatiedienst",
    supervisor: "supervisie",
    administrator: "beheer",
    machine: "machine",
    public: "bezoeker",
  },
};
