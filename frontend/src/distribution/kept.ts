/** One thing for each desk: what one person began is there when they come back to it, and is not for the next. */

import type { Desk } from "../desk/desk.svelte";

export function keptBy<T>(make: (desk: Desk) => T): (desk: Desk) => T {
  const all = new WeakMap<Desk, T>();
  return (desk) => {
    let found = all.get(desk);
    if (found === undefined) all.set(desk, (found = make(desk)));
    return found;
  };
}
