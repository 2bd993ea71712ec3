/** The rules of orientation: fetched with their words, by whoever opens them. */

import { language } from "../../i18n/language.svelte";
import PoliciesPanel from "./PoliciesPanel.svelte";

export async function part(): Promise<typeof PoliciesPanel> {
  await language.choose(language.current, false);
  return PoliciesPanel;
}
