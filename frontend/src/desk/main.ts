import { mount } from "svelte";
import "../ui/base.css";
import { language } from "../i18n/language.svelte";
import Desk from "./Desk.svelte";

await language.begin();
mount(Desk, { target: document.body });
