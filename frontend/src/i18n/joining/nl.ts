/** Small Dutch words before a time, which change with what follows them. */

export const isHour = (time: string): boolean => /^\d\d:\d\d$/.test(time);

/** “om 12:00”, “za 12:00”, “op 5 dec, 12:00”. */
export const at = (time: string): string => (isHour(time) ? `om ${time}` : /^\d+ /.test(time) ? `op ${time}` : time);
