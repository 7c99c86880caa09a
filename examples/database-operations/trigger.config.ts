import { defineConfig } from "@trigger.dev/sdk";

export default defineConfig({
  project: "proj_database_operations",
  dirs: ["./trigger"],
  maxDuration: 60,
});
