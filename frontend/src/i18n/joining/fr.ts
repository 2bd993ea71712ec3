/** Small French words before a name or a time, which change with what follows them. */

const CLOCK = /^\d\d:\d\d$/;
const DATE = /^\d+ /;

/** « près d’Ixelles », « près de Jette ». */
export const de = (name: string): string => (/^[aeiouyàâæéèêëîïôœùû]/i.test(name) ? `d’${name}` : `de ${name}`);

/** « à 12:00 », « sam. 12:00 », « le 5 déc., 12:00 ». */
export const at = (time: string): string => (CLOCK.test(time) ? `à ${time}` : DATE.test(time) ? `le ${time}` : time);

export const until = (time: string): string => (DATE.test(time) ? `jusqu’au ${time}` : `jusqu’à ${time}`);
