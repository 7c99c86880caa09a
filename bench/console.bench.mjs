// First paint of the console with 50 runs in its list, in headless Chromium, against a page with one line of text from a bare server.
import { cp, mkdir, mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { openProject, startProject } from "@behalf/cli";
import { reportRatio } from "./report.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const rounds = 20;
const runCount = 50;

await mkdir(join(root, "artifacts"), { recursive: true });
const folder = await mkdtemp(join(root, "artifacts", "console-"));
await cp(join(root, "examples/database-operations"), folder, {
  recursive: true,
  filter: (path) => !path.endsWith(".behalf"),
});
const started = await startProject(openProject(folder), { consolePort: 0 });
const floor = createServer((_, response) =>
  response.setHeader("content-type", "text/html").end("<!doctype html><title>floor</title><p>One line."),
).listen(0, "127.0.0.1");
const browser = await launchChromium();
try {
  const { runtime } = started;
  const [task] = runtime.tasks();
  const runs = await Promise.all(Array.from({ length: runCount }, () => runtime.trigger(task.id, {})));
  await Promise.all(runs.map(({ id }) => runtime.waitForRun(id)));

  const page = await browser.newPage();
  await page.goto(started.consoleUrl);
  const console_ = new URL("/runs", started.consoleUrl).href;
  const bare = `http://127.0.0.1:${floor.address().port}/`;
  const times = { ours: [], theirs: [], list: [] };
  for (let round = -3; round < rounds; round++) {
    const theirs = await firstPaint(page, bare);
    const ours = await firstPaint(page, console_);
    await page.waitForFunction((count) => document.querySelectorAll("tbody tr").length >= count, runCount);
    const list = await page.evaluate(() => performance.now());
    if (round < 0) continue;
    times.ours.push(ours);
    times.theirs.push(theirs);
    times.list.push(list);
  }
  const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
  reportRatio(
    "console, first contentful paint",
    { ours: median(times.ours), theirs: median(times.theirs) },
    { against: "a page with one line" },
  );
  console.log(`console, until ${runCount} runs are listed: ${median(times.list).toFixed(0)} ms`);
} finally {
  await browser.close();
  floor.close();
  floor.closeAllConnections();
  await started.stop();
  await rm(folder, { recursive: true, force: true });
}

async function firstPaint(page, url) {
  await page.goto(url);
  return page.evaluate(
    () =>
      new Promise((resolve) => {
        new PerformanceObserver((list) => {
          for (const { name, startTime } of list.getEntries())
            if (name === "first-contentful-paint") resolve(startTime);
        }).observe({ type: "paint", buffered: true });
      }),
  );
}

/** The browser of the tests, whose helper is TypeScript. */
async function launchChromium() {
  const { build } = createRequire(join(root, "packages/cli/package.json"))("esbuild");
  const outfile = join(root, "artifacts/bench/chromium.mjs");
  await build({
    entryPoints: [join(root, "tests/support/chromium.ts")],
    outfile,
    bundle: true,
    packages: "external",
    platform: "node",
    format: "esm",
    logLevel: "error",
  });
  return (await import(pathToFileURL(outfile).href)).launchChromium();
}
