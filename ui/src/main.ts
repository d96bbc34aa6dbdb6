// Starts the page.
import { mount } from "svelte";
import "./look.css";
import App from "./App.svelte";
import { language } from "./say";

document.documentElement.lang = language;
const place = document.getElementById("app");
if (place) mount(App, { target: place });
