// npm run demo: sets up what is missing, then tells the story (scripts/demo/story.mjs) on a running Supabase and Trigger.dev.
import { parseArgs } from "node:util";
import { setup } from "./setup.mjs";

const { values } = parseArgs({ options: { once: { type: "boolean" }, json: { type: "boolean" } } });
setup();
// Imported only now: it needs what setup() has just built.
const { demo } = await import("./demo/demo.mjs");
process.exitCode = await demo({ once: values.once ?? false, json: values.json ?? false });
