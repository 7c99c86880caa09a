import { defineConfig } from "@trigger.dev/sdk";

export default defineConfig({
  project: "proj_edge_function",
  dirs: ["./trigger"],
  maxDuration: 60,
});
