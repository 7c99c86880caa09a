import { render } from "preact";
import { App } from "./app.js";
import { goLive } from "./live.js";
import { followLinks } from "./router.js";

followLinks();
goLive();
const page = document.getElementById("page");
if (page) render(<App />, page);
