import type { ClientBase } from "pg";
import { quoteIdentifier } from "../doctor/schema/quote.js";
import type { SchemaPolicy, Verb } from "../doctor/schema/types.js";
import type { Cause, Finding, PolicyOutcome } from "./explanation.js";
import type { Facts } from "./facts.js";
import { neededVerbs } from "./judge-access.js";
import type { ExplainRequest } from "./request.js";
import { tryQuery } from "./session.js";
import { completeRow, type Tried, tryPolicy } from "./try-policies.js";

export interface PoliciesJudged {
  finding: Finding;
  policies: PolicyOutcome[];
}

/** What the policies say, tried as the user. The connection has become them by now. */
export async function judgePolicies(
  client: ClientBase,
  request: ExplainRequest,
  facts: Facts,
  claims: Record<string, unknown>,
): Promise<PoliciesJudged> {
  const tried: Tried[] = [];
  for (const verb of neededVerbs(request.verb)) {
    const own = facts.policies.filter((policy) => isFor(policy, verb));
    const row =
      verb === "insert" && request.row ? { request, values: await completeRow(client, request) } : undefined;
    const outcomes: Tried[] = [];
    for (const policy of own) outcomes.push(await tryPolicy(client, policy, verb, claims, row));
    tried.push(...outcomes);
    const finding = judgeOne(outcomes, verb, facts, row !== undefined);
    if (finding) return { finding, policies: publicPart(tried) };
  }
  const found = request.verb === "insert" ? judgeInsert(tried) : await judgeRows(client, request, tried);
  const finding =
    request.verb === "update" && found.cause === "EXPLAIN_ALLOWED"
      ? ((await judgeChecks(client, facts, claims, tried)) ?? found)
      : found;
  return { finding, policies: publicPart(tried) };
}

/** Whether what an update makes of a row is refused whatever it is. Unlike a row that isn't found, that is an error. */
async function judgeChecks(
  client: ClientBase,
  facts: Facts,
  claims: Record<string, unknown>,
  tried: Tried[],
): Promise<Finding | undefined> {
  const checks: Tried[] = [];
  for (const policy of facts.policies.filter((policy) => isFor(policy, "update"))) {
    const { using, check } = policy;
    checks.push(await tryPolicy(client, { ...policy, using: check ?? using }, "update", claims));
  }
  const finding = judgeOne(checks, "update", facts, false);
  if (finding) tried.push(...checks);
  return finding && { ...finding, verdict: "refused" };
}

/** Without what only the words were made from; a policy that is for finding rows and for changing them is told once. */
function publicPart(tried: Tried[]): PolicyOutcome[] {
  return tried
    .filter(({ name, condition }, at) => {
      const first = tried.findIndex((other) => other.name === name && other.condition === condition);
      return first === at;
    })
    .map(({ policy: _, missing: __, message: ___, ...outcome }) => outcome);
}

/** A restrictive policy stops by itself; permissive ones only when none of them lets anything through. */
function judgeOne(outcomes: Tried[], verb: Verb, facts: Facts, isRow: boolean): Finding | undefined {
  const failing = outcomes.find(({ outcome }) => outcome === "fails");
  if (failing) return because("EXPLAIN_POLICY_FAILS", failing, failing.message);
  const permissive = outcomes.filter(({ permissive }) => permissive);
  if (permissive.length === 0) return { cause: "EXPLAIN_NO_POLICY", detail: others(facts, verb) };
  const stopping = outcomes.filter(({ permissive, outcome }) => !permissive && outcome === "refuses");
  const narrowed = stopping.find(({ name }) => name.startsWith("behalf_narrow_"));
  if (narrowed) return { cause: "EXPLAIN_NARROWED" };
  if (permissive.every(({ outcome }) => outcome === "refuses")) stopping.push(...permissive);
  const [first] = stopping;
  if (!first) return undefined;
  if (isRow) return because("EXPLAIN_ROW_REFUSED", first);
  return first.missing.length > 0
    ? because("EXPLAIN_CLAIM_MISSING", first, `It lacks ${[...new Set(first.missing)].join(", ")}.`)
    : because("EXPLAIN_POLICY_REFUSES", first);
}

function because(cause: Cause, { name, condition, because: part }: Tried, more = ""): Finding {
  return { cause, detail: `Policy "${name}": ${part ?? condition}. ${more}`.trim() };
}

function others({ others, policies }: Facts, verb: Verb): string {
  const near = [...others, ...policies].filter(({ permissive }) => permissive);
  const names = near.map(({ name, roles, verb }) => `"${name}" (${verb}, to ${roles.join(", ")})`);
  return names.length > 0
    ? `For ${verb} there is none; there is ${names.join(", ")}.`
    : `For ${verb} there is none.`;
}

function judgeInsert(tried: Tried[]): Finding {
  const open = tried.filter(({ outcome }) => outcome === "row");
  const certain = tried.some(({ permissive, outcome }) => permissive && outcome === "passes");
  return open.length === 0 || (certain && open.every(({ permissive }) => permissive))
    ? { cause: "EXPLAIN_ALLOWED" }
    : {
        cause: "EXPLAIN_DEPENDS_ON_ROW",
        detail: open.map(({ name, condition }) => `Policy "${name}": ${condition}.`).join(" "),
      };
}

/** Whether a row that the user can see is one they may also change. Rows that they can't see are never asked for. */
async function judgeRows(client: ClientBase, request: ExplainRequest, tried: Tried[]): Promise<Finding> {
  const { verb, table } = request;
  const target = [table.schema, table.name].map(quoteIdentifier).join(".");
  const changing = verb === "select" ? [] : tried.filter(({ policy }) => isFor(policy, verb));
  const conditions = (permissive: boolean) =>
    changing
      .filter((one) => one.permissive === permissive)
      .map(({ policy }) => `(${policy.using ?? "true"})`);
  const where = [
    ...(changing.length > 0 ? [`(${conditions(true).join(" or ")})`] : []),
    ...conditions(false),
  ].join(" and ");
  const { rows, error } = await tryQuery<{ found: boolean }>(
    client,
    `select exists (select from ${target}${where ? ` where ${where}` : ""}) as found`,
  );
  if (error) return { cause: "EXPLAIN_POLICY_FAILS", detail: `${error.message}.` };
  if (rows[0]?.found) return { cause: "EXPLAIN_ALLOWED" };
  const deciding = publicPart(tried)
    .filter(({ outcome }) => outcome === "row")
    .map(({ name, condition }) => `"${name}": ${condition}`);
  return {
    cause: "EXPLAIN_NO_ROWS",
    ...(deciding.length > 0 ? { detail: `Policy ${deciding.join("; policy ")}.` } : {}),
  };
}

const isFor = (policy: SchemaPolicy, verb: Verb) => policy.verb === verb || policy.verb === "all";
