/** What is opened beside the queue now and then: the report for a shelter, who is to be moved, and the keys. */

import { language } from "../../i18n/language.svelte";
import Aside from "./Aside.svelte";

export async function part(): Promise<typeof Aside> {
  await language.choose(language.current, false);
  return Aside;
}
