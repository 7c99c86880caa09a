import { AbortTaskRunError, schemaTask, task } from "@trigger.dev/sdk";
import type { Behalf } from "../behalf.js";
import { BehalfError } from "../errors.js";
import { actorOf, type RunContextLike } from "./current-run.js";
import { findIdentity } from "./find-identity.js";
import type { ServiceParams, ServiceSettings, TriggerTasks, UserParams, UserSettings } from "./types.js";

type Run<Payload> = (payload: Payload, params: { ctx: RunContextLike }) => Promise<unknown>;
type RunWith<Payload, Extra> = (
  payload: Payload,
  params: { ctx: RunContextLike } & Extra,
) => Promise<unknown>;

/**
 * Ties Trigger.dev's `task` and `schemaTask` to identities. The client is made inside the run, for that run alone;
 * hooks, retries and everything else of a task work as without behalf.
 *
 * @example
 * ```ts
 * export const behalf = createBehalf<Database>();
 * export const { userTask, serviceTask } = triggerTasks(behalf);
 * ```
 */
export function triggerTasks<Database>(behalf: Behalf<Database>): TriggerTasks<Database> {
  type UserTask = UserSettings<unknown> & { run: RunWith<unknown, UserParams<Database>> };
  type RunContext = Parameters<NonNullable<UserTask["user"]>>[1];
  type ServiceTask = ServiceSettings<unknown> & { run: RunWith<unknown, ServiceParams<Database>> };

  const runAsUser =
    ({ run, user, grant, as }: UserTask): Run<unknown> =>
    async (payload, params) => {
      const { userId, supabase } = await identify(async () => {
        const context = params as RunContext;
        const given = typeof as === "function" ? as(payload, context) : as;
        const options = { ...given, actor: actorOf(params.ctx) };
        const { userId, grant: found } = findIdentity(payload, {
          ...(user && { user: user(payload, context) }),
          ...(grant && { grant: grant(payload, context) }),
        });
        const supabase = await (found === undefined
          ? behalf.asUser(userId, options)
          : behalf.asUser({ grant: found, payload }, options));
        return { userId, supabase };
      });
      return run(payload, { ...params, supabase, userId });
    };

  const runAsService =
    ({ run, reason, initiator }: ServiceTask): Run<unknown> =>
    async (payload, params) => {
      const supabase = await identify(async () => {
        const context = params as RunContext;
        const asker = typeof initiator === "function" ? initiator(payload, context) : initiator;
        return behalf.asService({
          reason: typeof reason === "function" ? reason(payload, context) : reason,
          actor: actorOf(params.ctx),
          ...(asker === undefined ? {} : { initiator: asker }),
        });
      });
      return run(payload, { ...params, supabase });
    };

  // The SDK's generics follow the options' types; that they are kept is what TriggerTasks says and the type tests hold.
  const make = <Options>(
    factory: unknown,
    wrap: (options: Options) => Run<unknown>,
    own: readonly string[],
  ) => {
    return (options: Options) => {
      const kept = Object.entries(options as object).filter(([name]) => !own.includes(name));
      return (factory as (options: object) => unknown)({ ...Object.fromEntries(kept), run: wrap(options) });
    };
  };
  return {
    userTask: make(task, runAsUser, ["user", "grant", "as"]),
    userSchemaTask: make(schemaTask, runAsUser, ["user", "grant", "as"]),
    serviceTask: make(task, runAsService, ["reason", "initiator"]),
    serviceSchemaTask: make(schemaTask, runAsService, ["reason", "initiator"]),
  } as unknown as TriggerTasks<Database>;
}

// Trigger.dev retries what a run throws, and a refused identity stays refused.
async function identify<T>(find: () => Promise<T>): Promise<T> {
  try {
    return await find();
  } catch (error) {
    if (!(error instanceof BehalfError) || error.transient) throw error;
    throw Object.assign(new AbortTaskRunError(`${error.message} (${error.code})`), { cause: error });
  }
}
