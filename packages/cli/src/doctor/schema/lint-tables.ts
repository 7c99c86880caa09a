import { type Finding, found } from "../finding.js";
import type { Schema, SchemaTable, Verb } from "./types.js";

// Whoever holds the public API key is one of these, or may become one.
const isPublic = (role: string) => role !== "service_role";
const place = ({ schema, name }: SchemaTable) => `${schema}.${name}`;

/** The roles besides the service role that reach the table, and with which verbs. */
function openTo(table: SchemaTable): [role: string, verbs: Verb[]][] {
  return Object.entries(table.privileges).filter(
    ([role, verbs]) => isPublic(role) && verbs.length > 0 && table.schemaUsers.includes(role),
  );
}

/** Tables and views that are open wider than their policies say, or than policies could. */
export function lintTables({ tables }: Schema): Finding[] {
  return tables.flatMap((table) => {
    const reach = openTo(table);
    const where = place(table);
    if (reach.length === 0) return [];
    const roles = reach.map(([role]) => role).join(", ");
    switch (table.kind) {
      case "r":
      case "p":
        return lintTable(table, where, roles);
      case "v":
        if (table.invoker || table.protectedBelow.length === 0) return [];
        return [
          found("DOCTOR_DEFINER_VIEW", where, {
            detail: `It is open to ${roles} and reads ${table.protectedBelow.join(", ")} as ${table.owner}.`,
            cure: `alter view ${where} set (security_invoker = true);`,
          }),
        ];
      default:
        return reach.some(([, verbs]) => verbs.includes("select"))
          ? [found("DOCTOR_NO_RLS_POSSIBLE", where, { detail: `It is open to ${roles}.` })]
          : [];
    }
  });
}

function lintTable(table: SchemaTable, where: string, roles: string): Finding[] {
  if (!table.rls) {
    const idle =
      table.policies.length > 0 ? ` Its policies (${table.policies.join(", ")}) have no effect.` : "";
    return [
      found("DOCTOR_RLS_OFF", where, {
        detail: `The table is open to ${roles}.${idle}`,
        cure: `alter table ${where} enable row level security;${idle ? "" : " and write its policies."}`,
      }),
    ];
  }
  return table.policies.length === 0 ? [found("DOCTOR_RLS_WITHOUT_POLICY", where)] : [];
}

/** Grants without which a policy lets nobody in. */
export function lintGrants(schema: Schema): Finding[] {
  const { tables, roles } = schema;
  return tables
    .filter(({ kind, rls }) => (kind === "r" || kind === "p") && rls)
    .flatMap((table) => [
      ...roles.flatMap(({ name }) => missingGrant(schema, table, name)),
      ...missingSequences(table),
    ]);
}

function missingGrant({ policies }: Schema, table: SchemaTable, role: string): Finding[] {
  const granted = table.privileges[role] ?? [];
  // A policy for every role says nothing about which of them are meant, but users always are.
  const meant = policies.filter(
    (policy) =>
      policy.permissive &&
      policy.schema === table.schema &&
      policy.table === table.name &&
      (policy.roles.includes(role) || (role === "authenticated" && policy.roles.includes("public"))),
  );
  const verbs = new Set(meant.flatMap(({ verb }) => (verb === "all" ? [] : [verb])));
  const missing = [...verbs].filter((verb) => !granted.includes(verb));
  // `for all` may be meant for fewer verbs than four: only when there is no grant whatever is one missing for certain.
  const none = granted.length === 0 && meant.some(({ verb }) => verb === "all");
  if (none) missing.splice(0, missing.length, "select", "insert", "update", "delete");
  const where = place(table);
  if (missing.length > 0)
    return [
      found("DOCTOR_GRANT_MISSING", where, {
        detail: `${role} has no grant to ${missing.join(", ")}.`,
        cure: `grant ${missing.join(", ")} on ${where} to ${role};`,
      }),
    ];
  return meant.length > 0 && !table.schemaUsers.includes(role)
    ? [
        found("DOCTOR_GRANT_MISSING", where, {
          detail: `${role} may not use the schema ${table.schema}.`,
          cure: `grant usage on schema ${table.schema} to ${role};`,
        }),
      ]
    : [];
}

function missingSequences(table: SchemaTable): Finding[] {
  return openTo(table)
    .filter(([, verbs]) => verbs.includes("insert"))
    .flatMap(([role]) =>
      table.sequences
        .filter(({ users }) => !users.includes(role))
        .map(({ name }) =>
          found("DOCTOR_SEQUENCE_GRANT_MISSING", place(table), {
            detail: `${role}, ${name}.`,
            cure: `grant usage on sequence ${name} to ${role}; or make the column an identity.`,
          }),
        ),
    );
}
