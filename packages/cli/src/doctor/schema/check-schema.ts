import { type Finding, found } from "../finding.js";
import { lintEscapes } from "./lint-escapes.js";
import { lintPolicies } from "./lint-policies.js";
import { lintGrants, lintTables } from "./lint-tables.js";
import type { Schema } from "./types.js";

/** Every lint of the schema. `usersMode` is `BEHALF_USERS`: with `lookup`, tokens carry more claims. */
export function checkSchema(schema: Schema, usersMode: string | undefined): Finding[] {
  const absent = ["anon", "authenticated"].filter((name) => !schema.roles.some((role) => role.name === name));
  if (absent.length > 0) return [found("DOCTOR_ROLES_MISSING", absent.join(", "))];
  return [
    ...lintTables(schema),
    ...lintPolicies(schema, usersMode),
    ...lintGrants(schema),
    ...lintEscapes(schema),
  ];
}
