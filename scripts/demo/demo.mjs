import { join } from "node:path";
import { openProject, startProject } from "@behalf/cli";
import { configure } from "@trigger.dev/sdk";
import { root } from "../setup.mjs";
import { scenes } from "./scenes.mjs";

const folder = join(root, "examples", "database-operations");

/** Plays every scene; returns the exit code: 0 when each saw what it expected. */
export async function demo({ once, json }) {
  const say = (line = "") => {
    if (!json) console.log(line);
  };
  say("\nbehalf: background work with the right Supabase identity\n");
  // The demo starts over each time, so that the story's numbers are the same for everybody.
  const project = { ...openProject(folder), state: join(root, ".behalf", "demo") };
  const { rm } = await import("node:fs/promises");
  await rm(project.state, { recursive: true, force: true });

  const startedAt = performance.now();
  const started = await startProject(project, { onProgress: (step) => say(`  ✓ ${step.message}`) });
  let interrupted = waitForInterrupt();
  try {
    configure({ baseURL: started.runtime.apiUrl, accessToken: started.runtime.secretKey });
    say(`  ✓ Ready in ${((performance.now() - startedAt) / 1000).toFixed(1)} s\n`);
    const facts = await play(say);
    const failed = facts.filter((fact) => !fact.ok);
    if (json) {
      console.log(JSON.stringify({ ok: failed.length === 0, scenes: facts }, null, 2));
    } else {
      for (const fact of failed)
        say(`FAILED: ${fact.title}\n  expected ${fact.expected}\n  but ${JSON.stringify(fact.observed)}`);
      say(
        failed.length === 0
          ? `All ${facts.length} scenes went as they should.`
          : `${failed.length} of ${facts.length} scenes failed.`,
      );
    }
    if (!once) {
      say(`\nStill running, for you to look around; Ctrl-C stops.`);
      say(
        `  Supabase     ${started.endpoints.supabaseUrl}\n  Database     ${started.endpoints.databaseUrl}\n  Trigger.dev  ${started.endpoints.triggerApiUrl}`,
      );
      await interrupted;
    }
    return failed.length === 0 ? 0 : 1;
  } finally {
    interrupted = undefined;
    await started.stop();
  }
}

async function play(say) {
  const facts = [];
  for (const [index, scene] of scenes.entries()) {
    const { title, who, expected } = scene;
    let observed;
    let ok = false;
    try {
      observed = await scene.play();
      ok = scene.holds(observed);
    } catch (error) {
      observed = { error: String(error) };
    }
    facts.push({ title, who, expected, observed, ok });
    say(`${index + 1}. ${title}`);
    say(`   as   ${who}`);
    for (const line of ok ? scene.tell(observed) : [`unexpected: ${JSON.stringify(observed)}`])
      say(`   ${ok ? "→" : "✗"}    ${line}`);
    say();
  }
  return facts;
}

function waitForInterrupt() {
  return new Promise((resolve) => {
    process.once("SIGINT", resolve);
    process.once("SIGTERM", resolve);
  });
}
