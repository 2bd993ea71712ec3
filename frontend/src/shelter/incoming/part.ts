/** The list of who is coming: fetched with its words, by whoever has somebody announced. */

import { language } from "../../i18n/language.svelte";
import Incoming from "./Incoming.svelte";

export async function incoming(): Promise<typeof Incoming> {
  await language.choose(language.current, false);
  return Incoming;
}
