import { spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { chown, copyFile, mkdir, mkdtemp, rm } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { workspace } from "./support/workspace.ts";

// Under root the stranger is an ordinary user: the rest of the suite has shown root.
const nobody = 65_534;
const stranger = process.getuid?.() === 0 ? { uid: nobody, gid: nobody } : {};

test("a stranger clones the project and runs the demo: empty folder, home and npm cache, bare PATH", async () => {
  const place = await mkdtemp(join(tmpdir(), "behalf-clone-"));
  try {
    const project = join(place, "project");
    const home = join(place, "home");
    expect(spawnSync("git", ["clone", "-q", workspace, project]).status).toBe(0);
    await mkdir(home);
    // Where npm finds its registry is this machine's business.
    if (existsSync(join(homedir(), ".npmrc")))
      await copyFile(join(homedir(), ".npmrc"), join(home, ".npmrc"));
    if (stranger.uid !== undefined) {
      await chown(place, stranger.uid, stranger.gid);
      expect(spawnSync("chown", ["-R", `${nobody}:${nobody}`, place]).status).toBe(0);
    }
    const child = spawn("npm", ["run", "--silent", "demo", "--", "--once", "--json"], {
      ...stranger,
      cwd: project,
      env: { HOME: home, PATH: `${dirname(process.execPath)}:/usr/bin:/bin`, LANG: "C.UTF-8", CI: "true" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      stdout += chunk;
    });
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
      stderr += chunk;
    });
    const code = await new Promise((resolve) => child.once("close", resolve));
    expect(code, stderr).toBe(0);
    const story = JSON.parse(stdout) as { ok: boolean; scenes: { title: string; ok: boolean }[] };
    expect(story.ok).toBe(true);
    expect(story.scenes.length).toBeGreaterThanOrEqual(8);
    // Nothing of the run stays behind in the clone's tracked files.
    expect(
      spawnSync("git", ["-c", "safe.directory=*", "status", "--porcelain"], {
        cwd: project,
        encoding: "utf8",
      }).stdout,
    ).toBe("");
  } finally {
    await rm(place, { recursive: true, force: true });
  }
});
