/**
 * The receipt page, in plain DOM: Svelte alone would weigh three times what it does, and it is opened in the street.
 *
 * Its elements stand in receipt.html; here they get their words, and are shown or not.
 */

import { Client } from "../api/client";
import { dayAndTime } from "../i18n/format";
import { chooseLanguage, LANGUAGE_NAMES, LANGUAGES, type Language } from "../i18n/languages";
import type { ReceiptWords } from "../i18n/receipt/en";
import { codeFrom, Following } from "./following";
import { statusOf } from "./status";

const WORDS: Record<Language, () => Promise<ReceiptWords>> = {
  fr: async () => (await import("../i18n/receipt/fr")).fr,
  nl: async () => (await import("../i18n/receipt/nl")).nl,
  en: async () => (await import("../i18n/receipt/en")).en,
};

let language: Language = "fr";
let words: ReceiptWords;

const find = <E extends HTMLElement>(selector: string): E => document.querySelector<E>(selector)!;
const [main, form, field, status, failure, acts] = ["main", "form", "#code", "#status", "#failure", "#acts"].map((one) =>
  find(one),
) as [HTMLElement, HTMLFormElement, HTMLInputElement, HTMLElement, HTMLElement, HTMLElement];
const following = new Following(new Client(() => language), show);

function show(): void {
  const { receipt, failure: failed, busy } = following;
  form.hidden = receipt !== null;
  acts.hidden = receipt === null;
  for (const part of ["#renew", "#renew-hint"]) find(part).hidden = receipt?.state !== "waiting";
  for (const button of main.querySelectorAll("button")) button.ariaDisabled = String(busy);
  status.className = receipt?.state ?? "";
  const time = (instant: string | number): string => dayAndTime(language, instant, following.lookedAt);
  status.replaceChildren(...(receipt === null ? [] : statusOf(following, words, time).map(element)));
  failure.className = failed ? "told bad" : "";
  failure.textContent = failed === "often" ? words.often(following.againS) : failed ? words[failed] : "";
}

function element([name, text]: [name: string, text: string]): HTMLElement {
  const [tag, kind] = name.split(".");
  const made = document.createElement(tag!);
  made.className = kind ?? "";
  made.textContent = text;
  return made;
}

async function speak(chosen: Language): Promise<void> {
  words = await WORDS[chosen]();
  language = chosen;
  document.documentElement.lang = chosen;
  document.title = `${words.title} · Halte`;
  for (const one of document.querySelectorAll<HTMLElement>("[data-word]")) {
    one.textContent = words[one.dataset["word"] as "title"];
  }
  for (const button of find("#languages").children) button.ariaPressed = String((button as HTMLElement).lang === chosen);
  show();
}

/** With this page in the tab's history, for a reload, and not in its address: the code comes into no list of pages visited. */
const keep = (code: string): void => history.replaceState(code, "", location.pathname);

/** What came in the address, or was kept. What is wrong in it can be put right. */
function read(): Promise<void> {
  const looked = location.hash === "" ? following.follow(String(history.state ?? "")) : following.read(location.hash);
  keep((field.value = following.code));
  return looked;
}

function go(text: string): Promise<void> {
  keep(codeFrom(text));
  return following.follow(text);
}

for (const code of LANGUAGES) {
  const button = element(["button", code.toUpperCase()]) as HTMLButtonElement;
  button.type = "button";
  button.lang = code;
  button.ariaLabel = `${code.toUpperCase()}, ${LANGUAGE_NAMES[code]}`;
  button.onclick = () => void speak(code).catch(() => undefined); // it goes on in the language it has
  find("#languages").append(button);
}
const unless = (act: () => unknown) => () => void (following.busy || act());
form.onsubmit = (event) => {
  event.preventDefault();
  unless(() => go(field.value))();
};
find("#again").onclick = unless(() => following.look());
find("#renew").onclick = unless(() => following.renew());
find("#other").onclick = () => {
  field.value = "";
  void go("").then(() => field.focus());
};
onpopstate = () => void read();
await speak(chooseLanguage(navigator.languages));
main.hidden = false;
await read();
