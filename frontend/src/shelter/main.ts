import { mount } from "svelte";
import "../ui/base.css";
import { store } from "../live/store";
import { language } from "../i18n/language.svelte";
import Shelter from "./Shelter.svelte";

void store(); // what is said first must not wait for it
// Not awaited here: a module that waits keeps the bundler from leaving in it what a later part shares with it.
void language.begin().then(() => mount(Shelter, { target: document.body }));

// The page opens without a network once it has been opened with one. Where a browser refuses, it works as any page.
// It fetches all files anew: not while somebody waits for the page.
const install = () => void navigator.serviceWorker?.register("/sw.js", { scope: "/shelter" }).catch(() => undefined);
const begin = () => {
  (globalThis.requestIdleCallback ?? setTimeout)(install);
  // A network that went away meanwhile is asked again when it is back; what is installed stays as it is.
  addEventListener("online", install);
};
if (import.meta.env.PROD && document.readyState === "complete") begin();
else if (import.meta.env.PROD) addEventListener("load", begin);
