import { mount } from "svelte";
import "../ui/base.css";
import { language } from "../i18n/language.svelte";
import Shelter from "./Shelter.svelte";

await language.begin();
mount(Shelter, { target: document.body });
