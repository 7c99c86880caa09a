import { auth, runs, tasks } from "@trigger.dev/sdk";
import type { Behalf } from "behalf";
import type { writeReport } from "../../trigger/write-report.ts";
import { Refusal } from "./refusal.ts";

/** A run that its owner may watch, with the public token that lets them, and nobody else, do so. */
export interface WatchableRun {
  id: string;
  month: string;
  accessToken: string;
}

/** What the task needs of the user's rights; policies made by behalf.narrow() hold it to that. */
const scope = [
  "public.expenses:select",
  "public.reports:select",
  "public.reports:insert",
  "public.reports:update",
];

/** Starts a report for the user whose access token this is. Who that is, is the token's to say and nothing else's. */
export async function startReport(behalf: Behalf, accessToken: string, month: string): Promise<WatchableRun> {
  const payload = { month };
  const { grant, claims } = await behalf.grant({
    accessToken,
    task: "write-report",
    payload,
    expiresIn: "1h",
    scope,
  });
  const { id } = await tasks.trigger<typeof writeReport>(
    "write-report",
    { ...payload, grant },
    { tags: [ownerTag(claims.sub), monthTag(month)] },
  );
  return watchable(id, month);
}

/** The reports of a user that aren't written yet, for a page that was reloaded. */
export async function findUnfinished(userId: string): Promise<WatchableRun[]> {
  const found: Promise<WatchableRun>[] = [];
  const unfinished = runs.list({
    tag: ownerTag(userId),
    taskIdentifier: "write-report",
    status: ["QUEUED", "DEQUEUED", "EXECUTING", "WAITING", "DELAYED"],
    limit: 20,
  });
  for await (const { id, tags } of unfinished) {
    // Asked again of each run: a filter that is ignored must not show one user another's runs.
    if (!tags.includes(ownerTag(userId))) continue;
    const month = tags.find((tag) => tag.startsWith("month:"))?.slice("month:".length) ?? "";
    found.push(watchable(id, month));
  }
  return Promise.all(found);
}

async function watchable(id: string, month: string): Promise<WatchableRun> {
  const accessToken = await auth.createPublicToken({
    scopes: { read: { runs: [id] } },
    expirationTime: "1h",
  });
  return { id, month, accessToken };
}

/** @throws {Refusal} for anything but a month. What else a body names, a user above all, is not for it to say. */
export function readReportRequest(body: unknown): { month: string } {
  const refuse = (message: string) => new Refusal(400, "BAD_REQUEST", message);
  if (typeof body !== "object" || body === null || Array.isArray(body))
    throw refuse("The body has to be a JSON object.");
  const { month, ...others } = body as Record<string, unknown>;
  const [other] = Object.keys(others);
  if (other !== undefined) throw refuse(`The body may say the month, and not "${other.slice(0, 40)}".`);
  if (typeof month !== "string" || !/^\d{4}-(0[1-9]|1[0-2])$/.test(month))
    throw refuse('The month has to look like "2026-10".');
  return { month };
}

const ownerTag = (userId: string) => `user:${userId}`;
const monthTag = (month: string) => `month:${month}`;
