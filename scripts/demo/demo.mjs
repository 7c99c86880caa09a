import { rm } from "node:fs/promises";
import { join } from "node:path";
import { openProject, startProject } from "@behalf/cli";
import { configure } from "@trigger.dev/sdk";
import { root } from "../setup.mjs";
import { scenes } from "./scenes.mjs";

const folder = join(root, "examples", "database-operations");

/** Plays every scene; returns the exit code: 0 when each saw what it expected, 130 after Ctrl-C in the middle. */
export async function demo({ once, json }) {
  const say = (line = "") => {
    if (!json) console.log(line);
  };
  say("\nbehalf: background work with the right Supabase identity\n");
  const interrupted = new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => resolve("interrupted"));
  });
  // The demo starts over each time, so that the story's numbers are the same for everybody.
  const project = { ...openProject(folder), state: join(root, ".behalf", "demo") };
  await rm(project.state, { recursive: true, force: true });

  const startedAt = performance.now();
  const started = await startProject(project, { onProgress: (step) => say(`  ✓ ${step.message}`) });
  try {
    configure({ baseURL: started.runtime.apiUrl, accessToken: started.runtime.secretKey });
    say(`  ✓ Ready in ${((performance.now() - startedAt) / 1000).toFixed(1)} s\n`);
    const facts = await Promise.race([play(say), interrupted]);
    if (facts === "interrupted") return 130;
    const failed = facts.filter((fact) => !fact.ok);
    if (json) console.log(JSON.stringify({ ok: failed.length === 0, scenes: facts }, null, 2));
    summarise(say, facts, failed);
    if (!once) {
      const { supabaseUrl, databaseUrl, triggerApiUrl } = started.endpoints;
      say("\nStill running, for you to look around; Ctrl-C stops.");
      say(`  Supabase     ${supabaseUrl}\n  Database     ${databaseUrl}\n  Trigger.dev  ${triggerApiUrl}`);
      await interrupted;
    }
    return failed.length === 0 ? 0 : 1;
  } finally {
    await started.stop();
  }
}

async function play(say) {
  const facts = [];
  for (const [index, scene] of scenes.entries()) {
    const { title, who, expected } = scene;
    say(`${index + 1}. ${title}\n   as   ${who}`);
    const fact = { title, who, expected, ...(await observe(scene)) };
    facts.push(fact);
    const lines = fact.ok
      ? scene.tell(fact.observed)
      : [`expected ${expected}, but: ${JSON.stringify(fact.observed)}`];
    for (const line of lines) say(`   ${fact.ok ? "→" : "✗"}    ${line}`);
    say();
  }
  return facts;
}

async function observe(scene) {
  try {
    const observed = await scene.play();
    return { observed, ok: scene.holds(observed) };
  } catch (error) {
    return { observed: { error: String(error) }, ok: false };
  }
}

function summarise(say, facts, failed) {
  if (failed.length === 0) return say(`All ${facts.length} scenes went as they should.`);
  return say(
    `${failed.length} of ${facts.length} scenes failed: ${failed.map((fact) => fact.title).join(" ")}`,
  );
}
