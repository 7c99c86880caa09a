import {
  AddTagsRequestBody,
  RescheduleRunRequestBody,
  stringifyIO,
  UpdateMetadataRequestBody,
} from "@trigger.dev/core/v3";
import { type Context, Hono } from "hono";
import { addTags, mostTags, rescheduleRun, retryNow } from "../runs/change.js";
import { readFamily, readRun } from "../runs/read.js";
import { replayRun } from "../runs/replay.js";
import { hasEnded } from "../runs/row.js";
import { readMoment } from "../runs/times.js";
import { changeMetadata } from "../runs/update.js";
import type { ApiContext, ApiEnv } from "./context.js";
import { ApiFailure, found, parseJson, readBody } from "./failure.js";
import { presignPacket, viewFull } from "./views.js";

/** Changing runs that are there: replay, reschedule, tags, metadata. */
export function runChangeRoutes(context: ApiContext): Hono<ApiEnv> {
  const { pool, runs, changes } = context;
  const read = async (id: string) => found(await readRun(pool, id), "Run");

  return (
    new Hono<ApiEnv>()
      .post("/api/v1/runs/:run/replay", async (c) => {
        const row = await read(c.req.param("run"));
        const replay = await replayRun(runs, row, await readPayload(c));
        return c.json({ id: replay.row.id });
      })
      // Not the platform's: a run that failed need not wait for its next attempt, and one that ended goes again.
      .post("/api/v1/runs/:run/retry", async (c) => {
        const row = await read(c.req.param("run"));
        if (hasEnded(row.status)) return c.json({ id: (await replayRun(runs, row)).row.id });
        const ready = await retryNow(pool, row.id);
        if (!ready) throw new ApiFailure(422, "The run does not wait for another attempt.");
        runs.announceMoved(ready);
        return c.json({ id: ready.id });
      })
      .post("/api/v1/runs/:run/reschedule", async (c) => {
        const { delay } = await readBody(c, RescheduleRunRequestBody);
        const { id } = await read(c.req.param("run"));
        const at = readMoment(delay);
        if (!at)
          throw new ApiFailure(
            400,
            `Invalid delay ${JSON.stringify(delay)}: give a date or a duration such as "1h".`,
          );
        const moved = await rescheduleRun(pool, id, at);
        if (!moved) throw new ApiFailure(422, "Only a run that is still delayed can be rescheduled.");
        runs.announceMoved(moved);
        return c.json(await viewFull(moved, await readFamily(pool, moved), presignPacket(context)));
      })
      .post("/api/v1/runs/:run/tags", async (c) => {
        const { tags } = await readBody(c, AddTagsRequestBody);
        const { id } = await read(c.req.param("run"));
        const changed = await addTags(pool, id, [tags].flat());
        if (!changed) throw new ApiFailure(422, `A run can have at most ${mostTags} tags.`);
        changes.announce(changed);
        return c.json({ message: `Successfully set tags.` });
      })
      .get("/api/v1/runs/:run/metadata", async (c) => {
        const { metadata } = await read(c.req.param("run"));
        return c.json({ metadata, metadataType: "application/json" });
      })
      .put("/api/v1/runs/:run/metadata", async (c) => {
        const body = await readBody(c, UpdateMetadataRequestBody);
        const row = await read(c.req.param("run"));
        if (hasEnded(row.status))
          throw new ApiFailure(422, "The metadata of a run that has ended can't be changed.");
        const { metadata, changed } = await changeMetadata(pool, row, body);
        for (const one of changed) changes.announce(one);
        return c.json({ metadata });
      })
  );
}

/** Another payload to replay with: serialised already, as newer SDKs send it, or a value. */
async function readPayload(c: Context): Promise<{ data: string | undefined; dataType: string } | undefined> {
  const text = await c.req.text();
  const { payload, payloadType } = (text === "" ? {} : parseJson(text)) as Record<string, unknown>;
  if (payload === undefined) return undefined;
  if (typeof payload === "string" && typeof payloadType === "string") {
    return { data: payload, dataType: payloadType };
  }
  const { data, dataType } = await stringifyIO(payload);
  return { data, dataType };
}
