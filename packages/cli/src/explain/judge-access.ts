import { quoteIdentifier } from "../doctor/schema/quote.js";
import type { SchemaTable, Verb } from "../doctor/schema/types.js";
import type { Finding } from "./explanation.js";
import type { Facts } from "./facts.js";
import type { ExplainRequest } from "./request.js";

const place = ({ table }: ExplainRequest) => [table.schema, table.name].map(quoteIdentifier).join(".");

/** What stops a request before any policy is looked at: the first that does, in the order in which they are met. */
export function judgeAccess(request: ExplainRequest, facts: Facts, role: string): Finding | undefined {
  const { table } = facts;
  const schema = quoteIdentifier(request.table.schema);
  if (!table) return { cause: "EXPLAIN_NO_TABLE" };
  if (!facts.exposed.includes(request.table.schema))
    return { cause: "EXPLAIN_NOT_EXPOSED", detail: `It serves ${facts.exposed.join(", ")}.` };
  if (!facts.hasRole)
    return {
      cause: "EXPLAIN_NO_ROLE",
      cure: `create role ${role} nologin; grant ${role} to authenticator; (the first unless it is there)`,
    };
  if (!table.schemaUsers.includes(role))
    return { cause: "EXPLAIN_SCHEMA_GRANT_MISSING", cure: `grant usage on schema ${schema} to ${role};` };
  const missing = neededVerbs(request.verb).filter((verb) => !table.privileges[role]?.includes(verb));
  if (missing.length > 0)
    return {
      cause: "EXPLAIN_GRANT_MISSING",
      detail: `${role} has no grant to ${missing.join(" and ")}${missing.includes(request.verb) ? "" : ", which finding the rows needs"}.`,
      cure: `grant ${missing.join(", ")} on ${place(request)} to ${role};`,
    };
  if (request.verb === "insert") return judgeSequences(table, role);
  return undefined;
}

/** A change has to find its rows first, which needs what a select needs. */
export function neededVerbs(verb: Verb): Verb[] {
  return verb === "update" || verb === "delete" ? [verb, "select"] : [verb];
}

function judgeSequences({ sequences }: SchemaTable, role: string): Finding | undefined {
  const closed = sequences.find(({ users }) => !users.includes(role));
  return (
    closed && {
      cause: "EXPLAIN_GRANT_MISSING",
      detail: `${role} may not use the sequence ${closed.name}, from which a column's default draws.`,
      cure: `grant usage on sequence ${closed.name} to ${role};`,
    }
  );
}

/** What a view comes to, which has no policies of its own. */
export function judgeView({ kind, invoker, protectedBelow, owner }: SchemaTable): Finding | undefined {
  if (kind === "r" || kind === "p") return undefined;
  const below = protectedBelow.length > 0 ? `It reads ${protectedBelow.join(", ")}.` : undefined;
  if (kind === "v" && invoker) return { cause: "EXPLAIN_VIEW", detail: below };
  if (kind === "v") return { cause: "EXPLAIN_DEFINER_VIEW", detail: `${below ?? ""} As ${owner}.`.trim() };
  return { cause: "EXPLAIN_RLS_OFF", detail: "No policy can be put on it." };
}
