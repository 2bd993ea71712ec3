/** The columns of the board, in the order in which a row has its cells. */

export const COLUMNS = [
  "shelter",
  "commune",
  "unit",
  "audience",
  "available",
  "free",
  "held",
  "out",
  "capacity",
  "confirmed",
  "state",
] as const;

export type Column = (typeof COLUMNS)[number];
