import { defineConfig } from "@trigger.dev/sdk";

export default defineConfig({
  project: "proj_storage_upload",
  dirs: ["./trigger"],
  maxDuration: 300,
});
