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

/** Those that a narrow table leaves out. */
export const FOLDED = ["commune", "out", "capacity"] as const satisfies readonly (typeof COLUMNS)[number][];

export type Column = (typeof COLUMNS)[number];
