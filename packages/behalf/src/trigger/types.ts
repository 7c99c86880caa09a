import type { Task, TaskOptions, TaskSchema, TaskWithSchema, TaskWithSchemaOptions } from "@trigger.dev/sdk";
import type { BehalfClient } from "../clients/types.js";
import type { TokenOptions } from "../tokens/types.js";

// Taken from the SDK's own types, so that @trigger.dev/core need not be resolvable beside it. What `init` returns has
// the SDK's default type: the hook is deprecated, and TypeScript could infer it or the payload, not both.
type Params = Parameters<TaskOptions<string>["run"]>[1];
type Context = Params["ctx"];
type SchemaPayload<Schema extends TaskSchema | undefined> = Parameters<
  TaskWithSchemaOptions<string, Schema>["run"]
>[0];

/** What a task that runs as a user gets beside the payload. */
export interface UserParams<Database> {
  /** Acts as the user: Row Level Security applies. */
  readonly supabase: BehalfClient<Database>;
  readonly userId: string;
}

/** What a task that runs as the service role gets beside the payload. */
export interface ServiceParams<Database> {
  /** Acts as the service role: Row Level Security is passed over. */
  readonly supabase: BehalfClient<Database>;
}

/** A value, or a function that finds it for a run. */
type PerRun<Payload, Value> = Value | ((payload: Payload, params: { ctx: Context }) => Value);

/**
 * Says as whom a task runs: a grant, or else a user's id. A grant in `payload.grant` is found without being told.
 * Write it after `run`: TypeScript reads the payload's type from there.
 */
export interface UserSettings<Payload> {
  /** The user's id, found in the payload or the run's context. Beside a grant, it must be the grant's user. */
  user?: (payload: Payload, params: { ctx: Context }) => string;
  /** The grant, where it isn't in `payload.grant`. Without one, the task is refused. */
  grant?: (payload: Payload, params: { ctx: Context }) => string;
  /** Role, claims and lifetime of the token, as for asUser. The actor is the run. With a grant: scope and lifetime. */
  as?: PerRun<Payload, Omit<TokenOptions, "actor">>;
}

/** Says why a task runs as the service role. */
export interface ServiceSettings<Payload> {
  /** Recorded with each request. */
  reason: PerRun<Payload, string>;
  /** Who asked for the work. */
  initiator?: PerRun<Payload, string | undefined>;
}

type Run<Payload, Output, Extra> = {
  run: (payload: Payload, params: Params & Extra) => Promise<Output>;
};

export type UserTaskOptions<Database, Id extends string, Payload, Output> = Omit<
  TaskOptions<Id, Payload, Output>,
  "run"
> &
  Run<Payload, Output, UserParams<Database>> &
  UserSettings<Payload>;

export type ServiceTaskOptions<Database, Id extends string, Payload, Output> = Omit<
  TaskOptions<Id, Payload, Output>,
  "run"
> &
  Run<Payload, Output, ServiceParams<Database>> &
  ServiceSettings<Payload>;

export type UserSchemaTaskOptions<
  Database,
  Id extends string,
  Schema extends TaskSchema | undefined,
  Output,
> = Omit<TaskWithSchemaOptions<Id, Schema, Output>, "run"> &
  Run<SchemaPayload<Schema>, Output, UserParams<Database>> &
  UserSettings<SchemaPayload<Schema>>;

export type ServiceSchemaTaskOptions<
  Database,
  Id extends string,
  Schema extends TaskSchema | undefined,
  Output,
> = Omit<TaskWithSchemaOptions<Id, Schema, Output>, "run"> &
  Run<SchemaPayload<Schema>, Output, ServiceParams<Database>> &
  ServiceSettings<SchemaPayload<Schema>>;

/** Trigger.dev's `task` and `schemaTask`, each with an identity. Made by {@link triggerTasks}. */
export interface TriggerTasks<Database> {
  /**
   * A `task()` that runs as a user.
   *
   * @example
   * ```ts
   * export const addNewUser = userTask({
   *   id: "add-new-user",
   *   run: async (payload: { userId: string }, { supabase }) => {
   *     const { error } = await supabase.from("user_subscriptions").insert({ user_id: payload.userId });
   *     if (error) throw error;
   *   },
   *   user: (payload) => payload.userId,
   * });
   * ```
   */
  userTask<Id extends string, Payload = void, Output = unknown>(
    options: UserTaskOptions<Database, Id, Payload, Output>,
  ): Task<Id, Payload, Output>;

  /** A `task()` that runs as the service role, with a reason on record. */
  serviceTask<Id extends string, Payload = void, Output = unknown>(
    options: ServiceTaskOptions<Database, Id, Payload, Output>,
  ): Task<Id, Payload, Output>;

  /** A `schemaTask()` that runs as a user. */
  userSchemaTask<Id extends string, Schema extends TaskSchema | undefined = undefined, Output = unknown>(
    options: UserSchemaTaskOptions<Database, Id, Schema, Output>,
  ): TaskWithSchema<Id, Schema, Output>;

  /** A `schemaTask()` that runs as the service role, with a reason on record. */
  serviceSchemaTask<Id extends string, Schema extends TaskSchema | undefined = undefined, Output = unknown>(
    options: ServiceSchemaTaskOptions<Database, Id, Schema, Output>,
  ): TaskWithSchema<Id, Schema, Output>;
}
