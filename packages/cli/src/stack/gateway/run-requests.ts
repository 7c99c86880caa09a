import type { ServerResponse } from "node:http";
import type { Context, MiddlewareHandler } from "hono";
import type { JWTPayload } from "jose";
import type { RunRequest } from "../types.js";
import type { GatewayEnv } from "./types.js";

/**
 * Reports the requests that say which run of a task made them: by the actor (`act.run`) of a user's token, or by the headers of a
 * service client. What carries neither, or a token that isn't this project's, is nobody's run.
 */
export function reportRunRequests(
  report: (request: RunRequest) => void,
  verifyToken: (token: string) => Promise<JWTPayload>,
): MiddlewareHandler<GatewayEnv> {
  return async (c, next) => {
    const at = new Date();
    const startedAt = performance.now();
    const { outgoing } = c.env;
    outgoing.once("close", () => {
      // A client that hung up saw no status.
      if (!outgoing.writableFinished) return;
      const durationMs = performance.now() - startedAt;
      findCaller(c, verifyToken).then((caller) => {
        if (!caller) return;
        const asked = describe(c);
        const rows = countRows(asked.verb, outgoing, outgoing.getHeader("content-range"));
        report({ ...caller, ...asked, at, status: outgoing.statusCode, rows, durationMs });
      }, ignore);
    });
    await next();
  };
}

/** A token that can't be verified has been refused already. */
const ignore = () => {};

async function findCaller(
  c: Context<GatewayEnv>,
  verifyToken: (token: string) => Promise<JWTPayload>,
): Promise<Pick<RunRequest, "run" | "identity"> | undefined> {
  const bearer = /^Bearer (ey.+)$/i.exec(c.req.header("authorization") ?? "")?.[1];
  if (bearer && namesRun(bearer)) {
    const { sub, role, act, initiator } = await verifyToken(bearer);
    const run = (act as { run?: unknown } | undefined)?.run;
    if (typeof run !== "string" || sub === undefined) return undefined;
    const identity = { kind: "user", userId: sub, role: String(role), initiator: textOr(initiator) } as const;
    return { run, identity };
  }
  const run = decode(c.req.header("x-behalf-run"));
  if (run === null || c.get("apiRole") !== "service_role") return undefined;
  return { run, identity: { kind: "service", reason: decode(c.req.header("x-behalf-reason")) } };
}

/** Spares the tokens of ordinary users the verification. */
function namesRun(token: string): boolean {
  return Buffer.from(token.split(".")[1] ?? "", "base64url").includes('"run"');
}

const textOr = (value: unknown) => (typeof value === "string" ? value : null);

function decode(header: string | undefined): string | null {
  try {
    return header ? decodeURIComponent(header) : null;
  } catch {
    return null;
  }
}

function describe(c: Context<GatewayEnv>): Pick<RunRequest, "part" | "method" | "path" | "target" | "verb"> {
  const { method, path } = c.req;
  const [, part = "", , ...segments] = path.split("/").map((segment) => decode(segment) ?? segment);
  return { part, method, path, target: targetOf(c, part, segments), verb: verbOf(c, part, segments) };
}

function targetOf(c: Context<GatewayEnv>, part: string, segments: string[]): string | null {
  const [first, second] = segments;
  if (part === "functions") return first || null;
  if (part === "storage") return bucketOf(segments);
  if (part !== "rest" || !first) return null;
  const name = first === "rpc" ? second : first;
  const schema = c.req.header("content-profile") ?? c.req.header("accept-profile") ?? "public";
  return name ? (schema === "public" ? name : `${schema}.${name}`) : null;
}

/** The bucket follows words that say what is done with its object. */
function bucketOf([kind, ...rest]: string[]): string | null {
  if (kind === "bucket") return rest[0] ?? null;
  if (kind !== "object") return null;
  const words = ["info", "public", "authenticated", "sign", "upload", "list", "list-v2", "move", "copy"];
  return rest.find((segment) => !words.includes(segment)) ?? null;
}

const verbs: Record<string, string> = {
  GET: "select",
  HEAD: "select",
  POST: "insert",
  PUT: "upsert",
  PATCH: "update",
  DELETE: "delete",
};

function verbOf(c: Context<GatewayEnv>, part: string, segments: string[]): string {
  const { method } = c.req;
  if (part !== "rest") return method.toLowerCase();
  if (segments[0] === "rpc") return "call";
  if (method === "POST" && c.req.header("prefer")?.includes("resolution=")) return "upsert";
  return verbs[method] ?? method.toLowerCase();
}

// PostgREST's `0-4/…` are five rows. An asterisk in place of first and last is none where it counts, which is when it reads or updates.
function countRows(verb: string, { statusCode }: ServerResponse, range: unknown): number | null {
  const [, from, to] = /^(?:(\d+)-(\d+)|\*)\//.exec(String(range)) ?? [];
  if (from !== undefined) return Number(to) - Number(from) + 1;
  return statusCode < 300 && (verb === "select" || verb === "update") ? 0 : null;
}
