// npm run build: the page into dist/web, the server into dist/server.js.
import { cp, mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, context } from "esbuild";

const root = dirname(fileURLToPath(import.meta.url));

/** The page: one script and one style sheet, beside what public/ holds. */
const page = (folder) => ({
  absWorkingDir: root,
  entryPoints: [
    { in: "src/web/main.tsx", out: "app" },
    { in: "src/web/styles.css", out: "app" },
  ],
  outdir: folder,
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  jsx: "automatic",
  // Part of a transport that Trigger.dev's hooks use outside of browsers.
  external: ["node:http2"],
  define: { "process.env.NODE_ENV": '"production"' },
  logLevel: "warning",
});

const server = {
  absWorkingDir: root,
  entryPoints: { server: "src/server/main.ts" },
  outdir: "dist",
  bundle: true,
  packages: "external",
  platform: "node",
  format: "esm",
  target: "node20",
  logLevel: "warning",
};

/** Builds the page into a folder. */
export async function buildPage(folder = join(root, "dist/web")) {
  await mkdir(folder, { recursive: true });
  await cp(join(root, "public"), folder, { recursive: true });
  await build(page(folder));
}

/** Builds both, and again whenever a file changes. */
export async function watch() {
  await buildPage();
  for (const options of [page(join(root, "dist/web")), server]) {
    const watched = await context(options);
    await watched.rebuild();
    await watched.watch();
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await Promise.all([buildPage(), build(server)]);
}
