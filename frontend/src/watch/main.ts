import { mount } from "svelte";
import "../ui/base.css";
import { language } from "../i18n/language.svelte";
import Watch from "./Watch.svelte";

await language.begin();
mount(Watch, { target: document.body });
