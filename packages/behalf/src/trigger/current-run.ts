import type { Actor } from "../tokens/types.js";

/** The part of Trigger.dev's run context that behalf reads. */
export interface RunContextLike {
  readonly task: { readonly id: string };
  readonly run: { readonly id: string };
  readonly attempt: { readonly number: number };
}

/** The actor of a run: its task, the run, and the attempt. */
export function actorOf(ctx: RunContextLike): Actor {
  return { sub: ctx.task.id, run: ctx.run.id, attempt: ctx.attempt.number };
}

const registry = Symbol.for("dev.trigger.ts.api");

/**
 * The run that this code is part of, or undefined outside of one. It reads the registry that Trigger.dev's packages
 * share between their copies, and imports none of them: a plain `task()` needs nothing but `behalf`.
 */
export function findCurrentRun(): Actor | undefined {
  const apis = (globalThis as { [registry]?: Record<string, { ctx?: Partial<RunContextLike> } | undefined> })[
    registry
  ];
  const ctx = apis?.["task-context"]?.ctx;
  return ctx?.task && ctx.run && ctx.attempt ? actorOf(ctx as RunContextLike) : undefined;
}
