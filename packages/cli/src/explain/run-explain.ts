import type { ClientBase } from "pg";
import { causes, type Explanation, type Finding, type PolicyOutcome } from "./explanation.js";
import { type Facts, readFacts } from "./facts.js";
import { judgeAccess, judgeView } from "./judge-access.js";
import { judgePolicies } from "./judge-policies.js";
import { judgePreRequest } from "./judge-pre-request.js";
import { type ExplainRequest, mintClaims } from "./request.js";
import { becomeUser } from "./session.js";

/**
 * Tells why a user, or a task for them, gets no rows or may not write. Everything happens in one transaction as their
 * role with their claims, and is rolled back; nothing is written and no row that they can't see is asked for.
 *
 * @param configured the schemas that the API serves, where the database doesn't say.
 * @throws as asUser does, for a user id, a role, a scope or claims that no token could carry.
 */
export async function runExplain(
  client: ClientBase,
  request: ExplainRequest,
  configured: readonly string[],
): Promise<Explanation> {
  const role = request.role ?? "authenticated";
  const claims = await mintClaims(request);
  await client.query("begin read only");
  try {
    await client.query("set local search_path = ''");
    const facts = await readFacts(client, request, role, configured);
    const { finding, policies } = await judge(client, request, facts, { claims, role });
    return explain(request, role, facts, finding, policies);
  } finally {
    await client.query("rollback");
  }
}

async function judge(
  client: ClientBase,
  request: ExplainRequest,
  facts: Facts,
  { claims, role }: { claims: Record<string, unknown>; role: string },
): Promise<{ finding: Finding; policies: PolicyOutcome[] }> {
  const access = judgeAccess(request, facts, role);
  const { table } = facts;
  if (!table || access?.cause === "EXPLAIN_NO_ROLE")
    return { finding: access ?? { cause: "EXPLAIN_NO_TABLE" }, policies: [] };
  await becomeUser(client, claims, role);
  const stopped = await judgePreRequest(client, facts);
  if (stopped) return { finding: stopped, policies: [] };
  const view = access ?? judgeView(table);
  if (view) return { finding: view, policies: [] };
  if (!table.rls) {
    const idle = table.policies.length > 0 ? "It has policies, and they have no effect." : undefined;
    return { finding: { cause: "EXPLAIN_RLS_OFF", detail: idle }, policies: [] };
  }
  return judgePolicies(client, request, facts, claims);
}

function explain(
  { table, verb, user, task }: ExplainRequest,
  role: string,
  { hasUser }: Facts,
  finding: Finding,
  policies: PolicyOutcome[],
): Explanation {
  const entry = causes[finding.cause];
  // To read what isn't there is no error; to write what isn't allowed is one, but for changes that find no row.
  const isError = entry.verdict === "empty" && verb === "insert";
  const verdict = finding.verdict ?? (isError ? "refused" : entry.verdict);
  return {
    table: `${table.schema}.${table.name}`,
    verb,
    role,
    user,
    task: task ?? null,
    verdict,
    cause: finding.cause,
    why: finding.detail ? `${entry.why} ${finding.detail}` : entry.why,
    cure: finding.cure ?? entry.cure,
    policies,
    notes: hasUser === false ? ["auth.users has no user with this id."] : [],
  };
}
