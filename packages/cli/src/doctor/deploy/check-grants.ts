import { classifyKey } from "behalf";
import { calculateJwkThumbprint, type JWK } from "jose";
import { type Finding, found } from "../finding.js";
import { placeFor } from "./check-variables.js";
import type { SideCode } from "./read-code.js";
import type { Side, SideEnvironments } from "./sides.js";

const name = "BEHALF_GRANT_KEY";

/** Who makes grants, who opens them, and whether their keys belong together. */
export async function checkGrants(
  code: Record<Side, SideCode>,
  environments: SideEnvironments,
): Promise<Finding[]> {
  const { tasks } = environments;
  const findings: Finding[] = [];
  const place = (side: Side) => placeFor(name, { side, code: code[side], environment: environments[side] });
  const makers = (["app", "functions"] as const).filter((side) => code[side].makesGrants);
  const isRequired = code.tasks.requiresGrant || tasks.variables.BEHALF_REQUIRE_GRANT === "true";
  const usesBroker = Boolean(tasks.variables.BEHALF_BROKER_URL);

  const opening = await keyOf(environments, "tasks");
  // With a broker, it is the broker that opens them.
  if (code.tasks.actsAsUser && !usesBroker && (isRequired || makers.length > 0)) {
    if (!opening) findings.push(found("DEPLOY_GRANT_KEY_MISSING", place("tasks")));
    else if (opening.kind === "private") findings.push(found("DEPLOY_GRANT_KEY_PRIVATE", place("tasks")));
  }
  for (const side of makers) {
    const making = await keyOf(environments, side);
    if (!making) findings.push(found("DEPLOY_GRANT_KEY_MISSING", place(side)));
    else if (making.kind === "public") findings.push(found("DEPLOY_GRANT_KEY_PUBLIC", place(side)));
    else if (opening && !usesBroker && !making.prints.some((print) => opening.prints.includes(print)))
      findings.push(found("DEPLOY_GRANT_KEY_MISMATCH", place(side)));
  }
  if (code.tasks.actsAsUser && !isRequired && !usesBroker)
    findings.push(found("DEPLOY_GRANT_NOT_REQUIRED", "tasks"));
  return findings;
}

interface GrantKey {
  kind: "secret" | "private" | "public";
  /** Of each key of a set; two with a common one belong together. */
  prints: string[];
}

/** The key as behalf takes it: its own, else one derived from the JWT secret. Undefined where there is none, or none that can be read. */
async function keyOf(environments: SideEnvironments, side: Side): Promise<GrantKey | undefined> {
  const { variables } = environments[side];
  const value = variables[name];
  if (!value) {
    // Supabase gives Edge Functions no JWT secret, and lets nobody set one under that name.
    const secret =
      (side === "functions" ? undefined : variables.SUPABASE_JWT_SECRET) ?? variables.BEHALF_JWT_SECRET;
    return secret ? { kind: "secret", prints: [`derived from ${secret}`] } : undefined;
  }
  const { kind } = classifyKey(value);
  if (kind !== "jwk-private" && kind !== "jwk-public") return { kind: "secret", prints: [value] };
  const parsed = JSON.parse(value) as JWK | JWK[] | { keys: JWK[] };
  const keys = Array.isArray(parsed) ? parsed : "keys" in parsed ? (parsed.keys as JWK[]) : [parsed as JWK];
  return {
    kind: kind === "jwk-private" ? "private" : "public",
    prints: await Promise.all(keys.map((key) => calculateJwkThumbprint(key).catch(() => ""))),
  };
}
