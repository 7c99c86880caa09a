import { randomBytes } from "node:crypto";
import { createBehalf, type Json } from "behalf";
import type { Verb } from "../doctor/schema/types.js";

/** Who asks for what. */
export interface ExplainRequest {
  user: string;
  table: { schema: string; name: string };
  verb: Verb;
  role?: string | undefined;
  task?: string | undefined;
  run?: string | undefined;
  grant?: string | undefined;
  /** Words such as `public.notes:select`. */
  scope?: string | undefined;
  /** What `asUser(id, { claims })` would be given. */
  claims?: Record<string, Json> | undefined;
  /** Of an insert: the row that is tried. */
  row?: Record<string, unknown> | undefined;
}

/**
 * The claims that the work's token would carry. Minted as `asUser` does, with a key of nobody's: the database is told
 * the claims themselves.
 */
export async function mintClaims(request: ExplainRequest): Promise<Record<string, unknown>> {
  const { task, run, scope, grant } = request;
  const behalf = createBehalf({
    url: "https://explain.invalid",
    publishableKey: "sb_publishable_explain",
    jwtSecret: randomBytes(48).toString("base64url"),
    environment: {},
  });
  const { claims } = await behalf.mintToken(request.user, {
    ...(request.role ? { role: request.role } : {}),
    ...(task ? { actor: { sub: task, ...(run ? { run } : {}), attempt: 1 } } : {}),
    ...(scope ? { scope } : {}),
    ...(request.claims ? { claims: request.claims } : {}),
  });
  return { ...claims, ...(grant ? { grant_id: grant } : {}) };
}
