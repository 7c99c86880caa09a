import { defineConfig } from "@trigger.dev/sdk";

export default defineConfig({
  project: process.env.TRIGGER_PROJECT_REF ?? "proj_local", // the ref that the Trigger.dev dashboard shows
  dirs: ["./trigger"],
  maxDuration: 300,
});
