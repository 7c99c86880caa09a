import { type AuditEntry, readAudit } from "behalf/audit";
import { useCallback } from "react";
import { formatAmount, formatMonth, formatTime } from "./format.ts";
import type { Services } from "./services.ts";
import { useRows } from "./use-rows.ts";

const verbs = { INSERT: "added", UPDATE: "changed", DELETE: "deleted", TRUNCATE: "emptied" };

/** Who did what with the user's rows. The policy on behalf.audit_entries shows everybody their own. */
export function AuditTrail({ services: { supabase }, version }: { services: Services; version: number }) {
  const query = useCallback(
    () => readAudit(supabase, { limit: 50 }).then((data) => ({ data, error: null })),
    [supabase],
  );
  const { rows, problem } = useRows<AuditEntry>(query, version);

  return (
    <section className="card" aria-labelledby="audit">
      <h2 id="audit">Your audit trail</h2>
      <p role="alert">{problem}</p>
      <ol className="lines trail">
        {rows?.map((entry) => (
          <li key={`${entry.statement} ${entry.table} ${JSON.stringify(entry.key)}`}>
            <span>
              <strong>{nameActor(entry)}</strong> {verbs[entry.operation]} {describe(entry)}
            </span>
            <span className="hint">
              <time dateTime={entry.at.toISOString()}>{formatTime(entry.at)}</time>
              {entry.run && <code>{entry.run}</code>}
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
}

/** The rows are the user's own, so a user's token that no task holds is theirs; the rest came past the API. */
function nameActor({ task, user, role }: AuditEntry): string {
  if (task) return `Task ${task}`;
  return user ? "You" : `The project (${role})`;
}

function describe({ table, before, after }: AuditEntry): string {
  const { category, month, amount, total } = { ...before, ...after };
  if (table === "expenses") return `the expense ${category}, ${formatAmount(Number(amount))}`;
  if (month === undefined) return "a report";
  return `the report for ${formatMonth(String(month))}, ${formatAmount(Number(total))}`;
}
