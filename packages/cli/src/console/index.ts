// What belongs here: the page that behalf dev serves, and its server. What doesn't: how runs work (runtime/), what a terminal shows (commands/).
export { startConsole } from "./start-console.js";
