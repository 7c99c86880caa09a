import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { createProject, type TestProject } from "./support/projects.ts";
import { workspace } from "./support/workspace.ts";

// No pseudo-terminal comes with Node.js, so `behalf dev` runs in this process and is given the terminal's side of one.
const { dev } = (await import(join(workspace, "packages/cli/dist/commands/dev/dev.js"))) as {
  dev(options: { dir: string }, input: unknown): Promise<void>;
};

let project: TestProject;
let printed = "";

beforeAll(async () => {
  project = await createProject({
    "package.json": JSON.stringify({ type: "module" }),
    "trigger.config.ts": `export default { project: "proj_keys", dirs: ["./trigger"] };`,
    "trigger/tasks.ts": `import { task } from "@trigger.dev/sdk";
export const inner = task({ id: "inner", run: async () => "hi" });
export const outer = task({ id: "outer", run: async () => (await inner.triggerAndWait()).ok });`,
  });
  for (const stream of [process.stdout, process.stderr])
    vi.spyOn(stream, "write").mockImplementation((chunk) => {
      printed += String(chunk);
      return true;
    });
  // Nothing that opens a browser is found: not on this machine's desktop.
  for (const name of ["DISPLAY", "WAYLAND_DISPLAY", "WSL_DISTRO_NAME"]) vi.stubEnv(name, undefined);
  if (process.platform !== "linux") vi.stubEnv("PATH", project.folder);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  await project.remove();
});

const waitFor = (pattern: RegExp) => expect.poll(() => printed).toMatch(pattern);
const count = (pattern: RegExp) => [...printed.matchAll(pattern)].length;

test("keys rerun, open, explain themselves, clear and quit", async () => {
  const setRawMode = vi.fn();
  const input = Object.assign(new PassThrough(), { setRawMode });
  const running = dev({ dir: project.folder }, input);
  await Promise.race([running, waitFor(/\? shows what to press/)]);
  expect(setRawMode).toHaveBeenLastCalledWith(true);

  input.write("r");
  await waitFor(/Nothing has run yet/);

  const [, apiUrl = ""] = /Trigger\.dev\s+(http\S+)/.exec(printed) ?? [];
  const key = await readFile(join(project.folder, ".behalf/trigger-secret-key"), "utf8");
  await fetch(`${apiUrl}/api/v1/tasks/outer/trigger`, {
    method: "POST",
    headers: { authorization: `Bearer ${key.trim()}`, "content-type": "application/json" },
    body: JSON.stringify({ payload: "{}", options: {} }),
  });
  await waitFor(/✓ outer .*COMPLETED/);
  // The newest run is the child: what it all began with runs again.
  input.write("r");
  await waitFor(/Again, as run_/);
  await expect.poll(() => count(/✓ outer .*COMPLETED/g)).toBe(2);

  input.write("xo");
  await waitFor(/The console is at http:\/\/127\.0\.0\.1:\d+/);
  input.write("?");
  await waitFor(/r {2}run the last run again/);
  input.write("c");
  await expect.poll(() => printed.includes("\u001B[2J")).toBe(true);

  // What Ctrl-C is in raw mode.
  input.write("\u0003");
  await running;
  expect(printed).toMatch(/Stopping …/);
  expect(setRawMode).toHaveBeenLastCalledWith(false);
  expect(count(/✗/g)).toBe(0);
});
