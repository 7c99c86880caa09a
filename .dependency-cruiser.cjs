// Imports point one way (docs/architecture.md): errors, config <- keys <- tokens <- grants, clients, postgres <- trigger, engines.
const above = {
  errors: [
    "config",
    "keys",
    "tokens",
    "grants",
    "clients",
    "postgres",
    "audit",
    "broker",
    "trigger",
    "engines",
  ],
  config: ["tokens", "grants", "clients", "postgres", "audit", "broker", "trigger", "engines"],
  keys: ["tokens", "grants", "clients", "postgres", "audit", "broker", "trigger", "engines"],
  tokens: ["grants", "clients", "postgres", "audit", "broker", "trigger", "engines"],
  grants: ["clients", "postgres", "broker", "trigger", "engines"],
  clients: ["broker", "trigger", "engines"],
};
const src = "^packages/behalf/src";
module.exports = {
  forbidden: [
    ...Object.entries(above).map(([room, rooms]) => ({
      name: `${room}-stays-below`,
      severity: "error",
      from: { path: `${src}/${room}(/|\\.ts$)`, pathNot: "\\.test\\.ts$" },
      to: { path: `${src}/(${rooms.join("|")})(/|\\.ts$)` },
    })),
    { name: "no-cycles", severity: "error", from: {}, to: { circular: true } },
    {
      name: "nothing-imports-cli",
      severity: "error",
      from: { path: "^packages/behalf" },
      to: { path: "packages/cli" },
    },
    {
      name: "cli-uses-public-exports",
      severity: "error",
      from: { path: "^packages/cli/src" },
      to: { path: "^packages/behalf/src" },
    },
    {
      name: "commands-on-top",
      severity: "error",
      from: { path: "^packages/cli/src/(stack|runtime|console)/" },
      to: { path: "^packages/cli/src/commands/" },
    },
    {
      name: "stack-and-runtime-apart",
      severity: "error",
      from: { path: "^packages/cli/src/stack/", pathNot: "\\.test\\.ts$" },
      to: { path: "^packages/cli/src/(runtime|console)/" },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "(^|/)dist/" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.base.json" },
  },
};
