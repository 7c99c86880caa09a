import { useCallback } from "react";
import { formatAmount, formatMonth, formatTime } from "./format.ts";
import type { AuditRow, Services } from "./services.ts";
import { useRows } from "./use-rows.ts";

const verbs = { INSERT: "added", UPDATE: "changed", DELETE: "deleted", TRUNCATE: "emptied" };

/** Who did what with the user's rows. The policy on behalf.audit_entries shows everybody their own. */
export function AuditTrail({ services: { supabase }, version }: { services: Services; version: number }) {
  const query = useCallback(
    () =>
      supabase
        .schema("behalf")
        .from("audit_log")
        .select(
          "statement_id, entry, ordinal, at, table_name, operation, old_values, new_values, role, user_id, task, run_id",
        )
        .order("statement_id", { ascending: false })
        .order("ordinal")
        .limit(50),
    [supabase],
  );
  const { rows, problem } = useRows<AuditRow>(query, version);

  return (
    <section className="card" aria-labelledby="audit">
      <h2 id="audit">Your audit trail</h2>
      <p role="alert">{problem}</p>
      <ol className="lines trail">
        {rows?.map((row) => (
          <li key={`${row.statement_id} ${row.entry} ${row.ordinal}`}>
            <span>
              <strong>{nameActor(row)}</strong> {verbs[row.operation]} {describe(row)}
            </span>
            <span className="hint">
              <time dateTime={row.at}>{formatTime(row.at)}</time>
              {row.run_id && <code>{row.run_id}</code>}
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
}

/** The rows are the user's own, so a user's token that no task holds is theirs; the rest came past the API. */
function nameActor({ task, user_id, role }: AuditRow): string {
  if (task) return `Task ${task}`;
  return user_id ? "You" : `The project (${role})`;
}

function describe({ table_name, old_values, new_values }: AuditRow): string {
  const { category, month, amount, total } = { ...old_values, ...new_values };
  if (table_name === "expenses") return `the expense ${category}, ${formatAmount(Number(amount))}`;
  if (month === undefined) return "a report";
  return `the report for ${formatMonth(String(month))}, ${formatAmount(Number(total))}`;
}
