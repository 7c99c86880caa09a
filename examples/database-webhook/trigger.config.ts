import { defineConfig } from "@trigger.dev/sdk";

// To deploy, add `build: { extensions: [ffmpeg()] }` of @trigger.dev/build: it sets FFMPEG_PATH.
export default defineConfig({
  project: "proj_database_webhook",
  dirs: ["./trigger"],
  maxDuration: 600,
});
