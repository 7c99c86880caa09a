import { defineConfig } from "@trigger.dev/sdk";

export default defineConfig({
  project: "proj_web_app",
  dirs: ["./trigger"],
  maxDuration: 60,
  retries: { enabledInDev: true, default: { maxAttempts: 5, minTimeoutInMs: 500, maxTimeoutInMs: 5000 } },
});
