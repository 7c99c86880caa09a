import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AnyTask, TaskOutput } from "@trigger.dev/sdk";
import { createBehalf } from "behalf";
import { grantEnvironment } from "../project/environment.js";
import { openProject, prepareState } from "../project/folder.js";
import { beginProject } from "../project/start.js";
import { withGrant } from "../project/with-grant.js";
import { expectRows } from "./expect-rows.js";
import { copyTemplate, findTemplate } from "./template.js";
import type { BehalfSuite, EndedRun, StartBehalfOptions } from "./types.js";

/**
 * Starts a project's Supabase and its tasks for one test file, with data of its own. The database is there when this resolves; the tasks go on loading,
 * and `runTask` waits for them.
 *
 * @throws {BehalfError} what `behalf dev` would throw
 * @example
 * ```ts
 * import { startBehalf } from "@behalf/cli/testing";
 *
 * const suite = await startBehalf({ dir: "." });
 * await suite.expectRows("notes", [{ body: "hers" }], { as: "11111111-1111-4111-8111-111111111111" });
 * await suite.stop();
 * ```
 */
export async function startBehalf<Database = unknown>(
  options: StartBehalfOptions = {},
): Promise<BehalfSuite<Database>> {
  const opened = openProject(options.dir ?? ".");
  await prepareState(opened);
  const template = await findTemplate(opened);
  const directory = await mkdtemp(join(tmpdir(), "behalf-suite-"));
  const environment = { ...opened.environment, ...options.environment };
  const project = { ...opened, environment, state: directory };
  const { stack, runtime: starting } = await copyTemplate(template, directory)
    .then(() => beginProject(project))
    .catch(async (error: unknown) => {
      await rm(directory, { recursive: true, force: true });
      throw error;
    });
  const { url, keys } = stack;
  const grantKey = grantEnvironment(project, keys).BEHALF_GRANT_KEY;
  const behalf = createBehalf<Database>({ ...keys, url, grantKey, environment: {} });
  const asService: BehalfSuite<Database>["asService"] = (service) =>
    behalf.asService(service ?? { reason: "a test looks at everything" });
  // Who runs no task need not hear that they don't load; who runs one does.
  starting.catch(() => {});

  return {
    supabaseUrl: url,
    databaseUrl: stack.databaseUrl,
    keys,
    behalf,
    trigger: () => starting,
    asUser: (userId, user) => behalf.asUser(userId, user),
    asService,
    async runTask(task, payload, { as, scope } = {}) {
      const runtime = await starting;
      const sealed = as === undefined ? payload : await withGrant(behalf, as, task, payload, { scope });
      const { id } = await runtime.trigger(task, sealed);
      const { status, attempts, output, error } = await runtime.waitForRun(id);
      const run =
        status === "COMPLETED"
          ? { id, attempts, ok: true, output: output as TaskOutput<AnyTask> }
          : { id, attempts, ok: false, status, error: error ?? { message: status } };
      return run as EndedRun<never>;
    },
    async expectRows(table, expected, { as } = {}) {
      const client = as === undefined ? asService() : await behalf.asUser(as);
      await expectRows(client as Parameters<typeof expectRows>[0], table, expected);
    },
    async stop() {
      await starting.then(
        (runtime) => runtime.stop(),
        () => {},
      );
      await stack.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
