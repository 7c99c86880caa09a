import { createMiddleware } from "hono/factory";
import type pg from "pg";
import type { Access, ApiContext, ApiEnv } from "../context.js";
import { ApiFailure } from "../failure.js";
import { hashToken, publicClaims, signPublicToken } from "./public-tokens.js";
import { rules } from "./rules.js";
import { allows, type Requirement } from "./scopes.js";

/**
 * Lets the secret key do everything and a public token what its scopes say; what no rule names is refused to public tokens. The SDK
 * finds on answers what it needs to make a public token for the run or batch it just triggered.
 */
export function authorize(context: ApiContext) {
  return createMiddleware<ApiEnv>(async (c, next) => {
    const access = c.get("access");
    if (access?.kind !== "public") {
      await next();
      if (access) c.header("x-trigger-jwt-claims", JSON.stringify(publicClaims));
      return;
    }
    const { path } = c.req;
    const rule = rules.find((one) => one.method === c.req.method && one.path.test(path));
    if (!rule) throw new ApiFailure(403, `${c.req.method} ${path} takes the secret key, not a public token.`);
    const id = decodeId(rule.path.exec(path)?.[1] ?? "");
    const { pool } = context;
    const query = new URL(c.req.url).searchParams;
    const { scopes } = access;
    const requirement = await rule.require({ pool, query, scopes, body: () => c.req.text() }, id);
    checkScopes(scopes, requirement);
    const hash =
      access.claims.otu === true && rule.consumes ? await useUp(pool, c.req.raw, access) : undefined;
    await next();
    if (!c.res.ok) {
      if (hash) await pool.query("delete from runtime.used_tokens where hash = $1", [hash]);
      return;
    }
    if (rule.consumes) c.header("x-trigger-jwt", await tokenFor(context.secretKey, c.res, requirement));
  });
}

/** As Hono decodes a path's parameters: what is checked has to be what the route then acts on. */
function decodeId(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new ApiFailure(400, "The path is not well encoded.");
  }
}

function checkScopes(scopes: string[], requirement: Requirement): void {
  if (allows(scopes, requirement)) return;
  const { action, resources, superScopes } = requirement;
  const needed = Object.entries(resources).flatMap(([type, ids]) =>
    ids.map((id) => `${action}:${type}:${id}`),
  );
  throw new ApiFailure(
    403,
    `This public token lacks a scope. It has ${scopes.join(", ") || "none"}; this takes ${[...needed, ...superScopes].join(", ")}.`,
  );
}

/** Whether a public token may batch-trigger a task; the secret key may always. */
export function mayBatchTrigger(access: Access, task: string): boolean {
  if (access.kind === "secret") return true;
  return allows(access.scopes, {
    action: "batchTrigger",
    resources: { tasks: [task] },
    superScopes: ["write:tasks", "admin"],
  });
}

async function useUp(
  pool: pg.Pool,
  request: Request,
  { claims }: Access & { kind: "public" },
): Promise<string> {
  const hash = hashOf(request);
  await pool.query("delete from runtime.used_tokens where expires_at < now()");
  const { rowCount } = await pool.query(
    `insert into runtime.used_tokens as used (hash, expires_at, request) values ($1, to_timestamp($2), $3)
     on conflict (hash) do update set request = excluded.request where used.request = excluded.request`,
    [hash, claims.exp, request.headers.get("x-trigger-request-idempotency-key")],
  );
  if (rowCount === 0) throw new ApiFailure(422, "This one-time token has already been used.");
  return hash;
}

/** The hash of the token a request carries. */
export function hashOf(request: Request): string {
  return hashToken((request.headers.get("authorization") ?? "").replace(/^Bearer /i, ""));
}

/** A public token's holder can't sign one for the run it triggered: it gets one that reads that run, or batch. */
async function tokenFor(secretKey: string, response: Response, { action }: Requirement): Promise<string> {
  const { id } = (await response.clone().json()) as { id: string };
  return signPublicToken(
    secretKey,
    { scopes: [`read:${action === "trigger" ? "runs" : "batch"}:${id}`] },
    "1h",
  );
}
