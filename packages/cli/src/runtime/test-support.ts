// Shared by the tests of this folder: a project in a folder, on a stack of its own, driven through the published SDK.
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
// The built package: the worker's entry is a file that a child process starts.
import {
  type Runtime,
  type RuntimeEvent,
  type RuntimeOptions,
  type Stack,
  startRuntime,
  startStack,
} from "@behalf/cli";
import { configure } from "@trigger.dev/sdk";

const workspace = fileURLToPath(new URL("../../../../", import.meta.url));

export interface TestProject {
  /** Below the workspace, so that imports resolve as they do in an installed project. */
  folder: string;
  write(files: Record<string, string>): Promise<void>;
  /** Lets tasks that wait for the gate go on: `while (!existsSync(gate)) await sleep(50)`. */
  open(gate: string): Promise<void>;
  gate(name: string): string;
}

export interface TestRuntime extends TestProject {
  stack: Stack;
  runtime: Runtime;
  events: RuntimeEvent[];
  /** Starts it again, as after a restart of the machine; the events go on in the same list. */
  restart(options?: Partial<RuntimeOptions>): Promise<Runtime>;
  stop(): Promise<void>;
}

/** What task files of tests begin with: a gate to wait for, and a line to leave. */
export const prelude = `import { existsSync, appendFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import * as sdk from "@trigger.dev/sdk";
const { task, schemaTask, locals, metadata, logger, wait, runs, tasks, tags, schedules, AbortTaskRunError } = sdk;
const gateOf = (name: string) => \`\${process.env.GATES}/\${name}\`;
const until = async (name: string) => { while (!existsSync(gateOf(name))) await sleep(20); };
const leave = (name: string) => appendFileSync(gateOf(name), "x");
`;

const config = `import { defineConfig } from "@trigger.dev/sdk";
export default defineConfig({ project: "proj_test", dirs: ["./trigger"], maxDuration: 600 });
`;

/** Starts a stack and a runtime for task files (name → source, each with the prelude before it), and points the SDK at it. */
export async function startTestRuntime(
  files: Record<string, string>,
  options: Partial<RuntimeOptions> = {},
): Promise<TestRuntime> {
  const project = await createTestProject(files);
  const state = await mkdtemp(join(project.folder, "state-"));
  const stack = await startStack({ directory: state });
  const events: RuntimeEvent[] = [];
  const start = async (more: Partial<RuntimeOptions>) => {
    const runtime = await startRuntime({
      project: project.folder,
      directory: state,
      adminDatabaseUrl: stack.adminDatabaseUrl,
      environment: { GATES: join(project.folder, "gates"), ...more.environment },
      onEvent: (event) => events.push(event),
      ...options,
      ...more,
    });
    configure({ baseURL: runtime.apiUrl, accessToken: runtime.secretKey });
    return runtime;
  };
  const started: TestRuntime = {
    ...project,
    stack,
    events,
    runtime: await start({}),
    async restart(more = {}) {
      await started.runtime.stop();
      started.runtime = await start(more);
      return started.runtime;
    },
    async stop() {
      await started.runtime.stop();
      await stack.stop();
      await rm(project.folder, { recursive: true, force: true });
    },
  };
  return started;
}

export async function createTestProject(files: Record<string, string>): Promise<TestProject> {
  const parent = join(workspace, "artifacts");
  await mkdir(parent, { recursive: true });
  const folder = await mkdtemp(join(parent, "runtime-"));
  const write = async (some: Record<string, string>) => {
    for (const [path, text] of Object.entries(some)) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), text);
    }
  };
  await write({ "package.json": '{ "type": "module" }', "trigger.config.ts": config, "gates/.keep": "" });
  await write(
    Object.fromEntries(Object.entries(files).map(([name, text]) => [`trigger/${name}`, prelude + text])),
  );
  const gate = (name: string) => join(folder, "gates", name);
  return { folder, write, gate, open: (name) => writeFile(gate(name), "") };
}

/** Whether a task has left its line. */
export function left(project: TestProject, name: string): boolean {
  return existsSync(project.gate(name));
}
