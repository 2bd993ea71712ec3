/** Draws and plans: fetched with their words, by whoever opens one of them. */

import { language } from "../i18n/language.svelte";
import Distribution from "./Distribution.svelte";

export async function part(): Promise<typeof Distribution> {
  await language.choose(language.current, false);
  return Distribution;
}
