import { mount } from "svelte";
import "../ui/base.css";
import { language } from "../i18n/language.svelte";
import Home from "./Home.svelte";

await language.begin();
mount(Home, { target: document.body });
