/** The words of the start page. */
export const en = {
  board: "Board",
  desk: "Desk",
  myUnits: "My units",
  lead: "Where people seeking shelter can stay tonight, kept up to date by those who know.",
  signedInAs: (role: string): string => `Signed in: ${role}.`,
  go: "Where to?",
  boardLead: "All places of the region, live.",
  deskLead: "Who asks for a place, what fits and why, and who is on their way.",
  unitsLead: "Say how many places are free, in three taps.",
  receipt: "Follow a request with a receipt code",
  roles: {
    staff: "shelter staff",
    desk: "orientation desk",
    supervisor: "supervisor",
    administrator: "administrator",
    machine: "machine",
    public: "guest",
  },
};

export type HomeWords = typeof en;
