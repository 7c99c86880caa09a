import type { Behalf } from "behalf";
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import type { Environment } from "./environment.ts";
import { refusalOf } from "./refusal.ts";
import { findUnfinished, readReportRequest, startReport } from "./reports.ts";
import { findUserId, readAccessToken } from "./user.ts";

/** What a page has to know to find its services. All of it is public. */
export interface PageConfig {
  supabaseUrl: string;
  publishableKey: string;
  triggerUrl: string;
  /** Whether the project is one of this machine, with the example users of supabase/seed.sql. */
  hasExampleUsers: boolean;
}

/** The API, from a standard Request to a standard Response. The user is whom the access token names, in every route. */
export function createApi(environment: Environment, behalf: Behalf): Hono {
  const { supabaseUrl, publishableKey, triggerUrl } = environment;
  const hasExampleUsers = ["127.0.0.1", "localhost"].includes(new URL(supabaseUrl).hostname);
  const config: PageConfig = { supabaseUrl, publishableKey, triggerUrl, hasExampleUsers };

  const api = new Hono();
  api.use(async (c, next) => {
    await next();
    c.header("cache-control", "no-store");
  });
  api.get("/config", (c) => c.json(config));
  api.get("/runs", async (c) => {
    const userId = await findUserId(readAccessToken(c.req.raw), environment);
    return c.json(await findUnfinished(userId));
  });
  api.post("/reports", bodyLimit({ maxSize: 1024 }), async (c) => {
    const accessToken = readAccessToken(c.req.raw);
    const { month } = readReportRequest(await c.req.json().catch(() => undefined));
    return c.json(await startReport(behalf, accessToken, month), 202);
  });
  api.notFound((c) => c.json({ code: "NOT_FOUND", message: "There is no such route." }, 404));
  api.onError((error, c) => {
    const refusal = refusalOf(error);
    if (refusal) return c.json({ code: refusal.code, message: refusal.message }, refusal.status);
    console.error(error);
    return c.json({ code: "FAILED", message: "The server failed. Its log says why." }, 500);
  });
  return api;
}
