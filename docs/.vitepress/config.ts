import { defineConfig } from "vitepress";

// Nothing here is fetched at build time or by the pages: no fonts, no analytics, search runs in the browser.
export default defineConfig({
  title: "behalf",
  description: "The right Supabase identity for background work.",
  cleanUrls: true,
  // Files of the repository that pages point at are no pages.
  ignoreDeadLinks: [/^\.?\.\/.*(?:examples|packages)\//],
  themeConfig: {
    search: { provider: "local" },
    sidebar: [
      {
        text: "Begin",
        items: [
          { text: "What it is", link: "/" },
          { text: "Migrating from the guide", link: "/migrating" },
          { text: "Configuration", link: "/configuration" },
          { text: "behalf init", link: "/init" },
          { text: "The console", link: "/console" },
          { text: "Testing tasks", link: "/testing" },
          { text: "Deploying", link: "/deploying" },
        ],
      },
      {
        text: "Walkthroughs",
        items: [
          { text: "Database operations", link: "/walkthroughs/database-operations" },
          { text: "Edge Function", link: "/walkthroughs/edge-function" },
          { text: "Database Webhook", link: "/walkthroughs/database-webhook" },
          { text: "Storage upload", link: "/walkthroughs/storage-upload" },
          { text: "Web app", link: "/walkthroughs/web-app" },
          { text: "Where each value is found", link: "/walkthroughs/hosted" },
        ],
      },
      {
        text: "Identity",
        items: [
          { text: "Security", link: "/security" },
          { text: "Grants", link: "/grants" },
          { text: "The broker", link: "/broker" },
          { text: "Rotating keys", link: "/rotation" },
        ],
      },
      {
        text: "The database",
        items: [
          { text: "Audit", link: "/audit" },
          { text: "behalf doctor", link: "/doctor" },
          { text: "behalf explain", link: "/explain" },
        ],
      },
      {
        text: "Reference",
        items: [
          { text: "The command line", link: "/cli" },
          { text: "Errors", link: "/errors" },
          { text: "Fidelity", link: "/fidelity" },
          { text: "Architecture", link: "/architecture" },
          { text: "Decisions", link: "/decisions/README" },
        ],
      },
    ],
  },
});
