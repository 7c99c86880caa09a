import type { TaskRunExecutionResult } from "@trigger.dev/core/v3";
import { Hono } from "hono";
import type { RunLog } from "../logs/run-log.js";
import type { FileProblem } from "../types.js";
import type { WaitResult } from "../worker/messages.js";
import { publicTokenRoutes } from "./access/public-tokens.js";
import { batchRoutes } from "./batches/routes.js";
import { waitForBatch } from "./batches/wait-for-batch.js";
import { bulkRoutes } from "./bulk/routes.js";
import type { ApiContext, ApiEnv } from "./context.js";
import { idempotencyKeyRoutes } from "./idempotency-keys.js";
import { packetRoutes, packetStoreRoutes } from "./packets/routes.js";
import { queueRoutes } from "./queues/routes.js";
import { realtimeRoutes } from "./realtime/routes.js";
import { runLogRoutes } from "./run-logs.js";
import { saveDeclared, skipMissed } from "./schedules/declared.js";
import { startFiring } from "./schedules/fire.js";
import { scheduleRoutes, timezoneRoutes } from "./schedules/routes.js";
import { inputRoutes } from "./streams/input-routes.js";
import { streamRoutes } from "./streams/routes.js";
import { StreamStore } from "./streams/store.js";
import { callbackRoutes, waitpointRoutes } from "./waitpoints/routes.js";
import { WaitpointWaiting } from "./waitpoints/waiting.js";

/** What the API offers beyond runs themselves. */
export interface Areas {
  /** Routes that need no key: their URL is a secret of its own, or what they say is none. */
  open: Hono<ApiEnv>;
  /** Routes behind the secret key or a public token. */
  routes: Hono<ApiEnv>;
  waitForBatch(id: string): Promise<TaskRunExecutionResult[]>;
  waitForWaitpoint(id: string): Promise<WaitResult & { kind: "waitpoint" }>;
  /** Takes over the schedules that the loaded tasks declare; from the first time on, schedules fire. */
  saveSchedules(): Promise<FileProblem[]>;
  stop(): Promise<void>;
}

export function createAreas(context: ApiContext, log: RunLog): Areas {
  const waiting = new WaitpointWaiting(context.pool);
  const streams = new StreamStore(context.pool);
  let stopped = false;
  let firing: ReturnType<typeof startFiring> | undefined;

  const open = new Hono<ApiEnv>()
    .route("/", timezoneRoutes())
    .route("/", callbackRoutes(context, waiting))
    .route("/", packetStoreRoutes(context));
  const routes = new Hono<ApiEnv>()
    .route("/", publicTokenRoutes(context))
    .route("/", batchRoutes(context))
    .route("/", waitpointRoutes(context, waiting))
    .route("/", scheduleRoutes(context))
    .route("/", queueRoutes(context))
    .route("/", bulkRoutes(context))
    .route("/", idempotencyKeyRoutes(context))
    .route("/", packetRoutes(context))
    .route("/", runLogRoutes(context, log))
    .route("/", realtimeRoutes(context))
    .route("/", inputRoutes(context, streams, waiting))
    .route("/", streamRoutes(context, streams));

  return {
    open,
    routes,
    waitForBatch: (id) => waitForBatch(context, id, () => stopped),
    async waitForWaitpoint(id) {
      const row = await waiting.ended(id);
      const ok = row?.status === "COMPLETED";
      return {
        kind: "waitpoint",
        ok,
        output: row?.output ?? undefined,
        outputType: row?.output_type ?? undefined,
      };
    },
    async saveSchedules() {
      if (!firing) await skipMissed(context.pool, context.now());
      const problems = await saveDeclared(context.pool, context.tasks().values(), context.now());
      firing ??= startFiring(context);
      return problems;
    },
    async stop() {
      stopped = true;
      waiting.stop();
      await firing?.stop();
    },
  };
}
