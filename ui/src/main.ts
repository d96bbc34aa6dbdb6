// Starts the page.
import { mount } from "svelte";
import "./look.css";
import App from "./App.svelte";
import Ask from "./parts/Ask.svelte";
import { language } from "./say";

document.documentElement.lang = language;
const place = document.getElementById("app");
// The program opens the same page twice: as the window, and small for a question.
if (place) mount(new URLSearchParams(location.search).has("ask") ? Ask : App, { target: place });
