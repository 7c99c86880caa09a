import { type Finding, found } from "../finding.js";
import { asksForSecondFactor, claimsOf, mintedClaims } from "./claims.js";
import { findCalls } from "./expression.js";
import { quoteIdentifier } from "./quote.js";
import type { Schema, SchemaPolicy } from "./types.js";

export const policyPlace = ({ schema, table, name }: SchemaPolicy) => `${schema}.${table}, policy "${name}"`;

/** What policies say that works differently, slowly, or not at all for work that has no request. */
export function lintPolicies({ policies }: Schema, usersMode: string | undefined): Finding[] {
  return policies
    .filter(({ rls }) => rls)
    .flatMap((policy) => [...lintRoles(policy), ...lintCalls(policy), ...lintClaims(policy, usersMode)]);
}

// A restrictive policy takes away: for every role is what it should be for.
function lintRoles(policy: SchemaPolicy): Finding[] {
  if (!policy.permissive || !policy.roles.includes("public")) return [];
  const target = [policy.schema, policy.table].map(quoteIdentifier).join(".");
  return [
    found("DOCTOR_POLICY_WITHOUT_TO", policyPlace(policy), {
      cure: `alter policy ${quoteIdentifier(policy.name)} on ${target} to authenticated; (or to anon, authenticated where that is meant)`,
    }),
  ];
}

function lintCalls(policy: SchemaPolicy): Finding[] {
  const calls = [policy.using, policy.check]
    .flatMap((expression) => (expression ? findCalls(expression) : []))
    .filter(({ wrapped }) => !wrapped);
  const names = [...new Set(calls.map(({ text }) => text))];
  return names.length > 0
    ? [found("DOCTOR_POLICY_NOT_WRAPPED", policyPlace(policy), { detail: `${names.join(", ")}:` })]
    : [];
}

function lintClaims(policy: SchemaPolicy, usersMode: string | undefined): Finding[] {
  const claims = claimsOf(policy);
  const where = policyPlace(policy);
  const known = mintedClaims(usersMode);
  const missing = claims.filter((name) => name !== "user_metadata" && !known.has(name));
  return [
    ...(claims.includes("user_metadata") ? [found("DOCTOR_POLICY_USER_METADATA", where)] : []),
    ...(missing.length > 0
      ? [found("DOCTOR_POLICY_CLAIM_MISSING", where, { detail: `It reads ${missing.join(", ")}.` })]
      : []),
    ...(asksForSecondFactor(policy)
      ? [
          found("DOCTOR_POLICY_CLAIM_MISSING", where, {
            detail: "It asks for a second factor (aal2), and nobody is there to give one.",
            cure: "Let work in by its task: (select behalf.is_task()), or leave this table to people.",
          }),
        ]
      : []),
  ];
}
