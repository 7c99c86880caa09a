// Bundles the console's page into packages/cli/dist/console/page: three files, nothing inline, so that a strict Content-Security-Policy holds.
import { cp, mkdir, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const cli = fileURLToPath(new URL("../packages/cli/", import.meta.url));
const source = join(cli, "src/console/page");
const target = join(cli, "dist/console/page");

await rm(target, { recursive: true, force: true });
await mkdir(target, { recursive: true });
const { build } = createRequire(join(cli, "package.json"))("esbuild");
await build({
  entryPoints: [
    { in: join(source, "main.tsx"), out: "page" },
    { in: join(source, "styles/page.css"), out: "page" },
  ],
  outdir: target,
  bundle: true,
  minify: true,
  format: "esm",
  target: ["es2022"],
  tsconfig: join(source, "tsconfig.json"),
  banner: { js: "/* Includes Preact (MIT, Jason Miller) and @cfworker/json-schema (MIT, Jeremy Danyow). */" },
  logLevel: "warning",
});
for (const file of ["index.html", "icon.svg"]) await cp(join(source, file), join(target, file));
