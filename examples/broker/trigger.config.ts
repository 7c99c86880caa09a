import { defineConfig } from "@trigger.dev/sdk";

export default defineConfig({
  project: "proj_broker",
  dirs: ["./trigger"],
  maxDuration: 60,
});
