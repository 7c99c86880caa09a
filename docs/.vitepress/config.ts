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
          { text: "Testing tasks", link: "/testing" },
          { text: "Deploying", link: "/deploying" },
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
          { text: "Errors", link: "/errors" },
          { text: "Fidelity", link: "/fidelity" },
          { text: "Architecture", link: "/architecture" },
          { text: "Decisions", link: "/decisions/README" },
        ],
      },
    ],
  },
});
