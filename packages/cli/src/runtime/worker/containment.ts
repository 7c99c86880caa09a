import { syncBuiltinESMExports } from "node:module";
import timers from "node:timers";
import timersPromises from "node:timers/promises";
import { currentScope } from "./scope.js";

class ProcessExitError extends Error {
  constructor(code: unknown) {
    super(`process.exit(${code ?? ""}) was called in a task`);
    this.name = "ProcessExitError";
  }
}

/**
 * Keeps what one run does from ending or outliving the others: `process.exit` and uncaught errors fail the run they come from,
 * and the timers and requests of a run that was stopped lead nowhere.
 */
export function installContainment(report: (message: string) => void): void {
  containExit();
  containErrors(report);
  containTimers();
  containFetch();
}

function containExit(): void {
  const exit = process.exit.bind(process);
  process.exit = ((code?: number) => {
    const scope = currentScope();
    if (!scope) return exit(code);
    const error = new ProcessExitError(code);
    scope.fail("TASK_PROCESS_EXITED_WITH_NON_ZERO_CODE", error.message, error.stack);
    throw error;
  }) as typeof process.exit;
}

function containErrors(report: (message: string) => void): void {
  const contain = (reason: unknown) => {
    if (reason instanceof ProcessExitError) return;
    const error = reason instanceof Error ? reason : new Error(String(reason));
    const scope = currentScope();
    if (scope) scope.fail("TASK_RUN_UNCAUGHT_EXCEPTION", error.message, error.stack);
    else report(`Uncaught outside of any run: ${error.stack ?? error.message}`);
  };
  process.on("uncaughtException", contain);
  process.on("unhandledRejection", contain);
}

const never = () => new Promise<never>(() => {});

function containTimers(): void {
  const guard =
    (callback: (...args: unknown[]) => void) =>
    (...args: unknown[]) => {
      if (!currentScope()?.abandoned) callback(...args);
    };
  for (const name of ["setTimeout", "setInterval", "setImmediate"] as const) {
    const real = timers[name] as unknown as (
      callback: (...args: unknown[]) => void,
      ...rest: unknown[]
    ) => unknown;
    const contained = (callback: (...args: unknown[]) => void, ...rest: unknown[]) =>
      real(currentScope() && typeof callback === "function" ? guard(callback) : callback, ...rest);
    // `promisify(setTimeout)` and the like look for the originals' own symbols.
    Object.defineProperties(contained, Object.getOwnPropertyDescriptors(real));
    Object.assign(timers, { [name]: contained });
    Object.assign(globalThis, { [name]: contained });
  }
  for (const name of ["setTimeout", "setImmediate"] as const) {
    const real = timersPromises[name] as (...args: unknown[]) => Promise<unknown>;
    Object.assign(timersPromises, {
      [name]: async (...args: unknown[]) => {
        const value = await real(...args);
        return currentScope()?.abandoned ? never() : value;
      },
    });
  }
  syncBuiltinESMExports();
}

function containFetch(): void {
  const real = globalThis.fetch;
  globalThis.fetch = async (input, init) => {
    const scope = currentScope();
    if (!scope) return real(input, init);
    if (scope.abandoned) return never();
    const release = countWait(scope, input, init);
    try {
      const response = await real(input, init);
      if (!response.ok) release();
      return scope.abandoned ? never() : response;
    } catch (error) {
      release();
      throw error;
    }
  };
}

/**
 * `Promise.all([a.triggerAndWait(), b.triggerAndWait()])` sends both requests in one tick, but the first child may end before the
 * second wait begins. Counting the requests finds parallel waits whatever the timing.
 */
function countWait(
  scope: NonNullable<ReturnType<typeof currentScope>>,
  input: unknown,
  init: RequestInit | undefined,
): () => void {
  const body = typeof init?.body === "string" ? init.body : "";
  const url = input instanceof Request ? input.url : String(input);
  if (
    !body.includes('"resumeParentOnCompletion":true') &&
    !/\/(tokens\/[^/]+\/wait|wait\/duration)$/.test(url)
  )
    return () => {};
  scope.pendingWaits += 1;
  if (scope.pendingWaits > 1) scope.parallelWaits = true;
  return () => {
    scope.pendingWaits -= 1;
  };
}
