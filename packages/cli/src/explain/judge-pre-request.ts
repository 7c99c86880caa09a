import type { ClientBase } from "pg";
import type { Finding } from "./explanation.js";
import type { Facts } from "./facts.js";
import { tryQuery } from "./session.js";

// read_only_sql_transaction: it keeps a record, and was let through until then.
const readOnly = "25006";

/** Calls what PostgREST calls before each request, as the user. Undefined: it lets the request through, or there is none. */
export async function judgePreRequest(
  client: ClientBase,
  { preRequest }: Facts,
): Promise<Finding | undefined> {
  if (!preRequest) return undefined;
  const { error } = await tryQuery(client, `select ${preRequest}()`);
  if (!error || error.code === readOnly) return undefined;
  return error.detail === "BEHALF_REVOKED"
    ? { cause: "EXPLAIN_REVOKED" }
    : {
        cause: "EXPLAIN_PRE_REQUEST",
        detail: `${preRequest}: ${error.message}`,
        ...(error.hint ? { cure: error.hint } : {}),
      };
}
