import { mount } from "svelte";
import "../ui/base.css";
import { language } from "../i18n/language.svelte";
import Shelter from "./Shelter.svelte";

await language.begin();
mount(Shelter, { target: document.body });

// The page opens without a network once it has been opened with one. Where a browser refuses, it works as any page.
if (import.meta.env.PROD) navigator.serviceWorker?.register("/sw.js", { scope: "/shelter" }).catch(() => undefined);
