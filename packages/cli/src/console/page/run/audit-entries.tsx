import type { ConsoleAuditEntry } from "../../contract.js";
import { formatDateTime } from "../format.js";
import { Empty } from "../parts/empty.js";
import { Identity } from "../parts/identity.js";
import { Json } from "../parts/json.js";

/** What the run changed in the database, as the audit trail tells it. */
export function AuditEntries({ entries }: { entries: ConsoleAuditEntry[] }) {
  return (
    <section class="audit">
      <h2>Audit trail</h2>
      {entries.length === 0 && <Empty>It changed no audited row.</Empty>}
      <ol>
        {entries.map((entry) => (
          <AuditEntry key={entry.id} entry={entry} />
        ))}
      </ol>
    </section>
  );
}

function AuditEntry({ entry }: { entry: ConsoleAuditEntry }) {
  const { operation, table, at, role, userId, reason } = entry;
  return (
    <li class={role === "service_role" ? "by-service" : undefined}>
      <details>
        <summary>
          <span class="verb">{operation.toLowerCase()}</span>
          <span class="mono">{table}</span>
          {role === "service_role" || !userId ? (
            <Identity
              identity={{ kind: "service", reason: reason ?? (role === "service_role" ? null : role) }}
            />
          ) : (
            <Identity identity={{ kind: "user", userId, email: null, role, initiator: null }} />
          )}
          <time class="quiet" dateTime={at}>
            {formatDateTime(at)}
          </time>
        </summary>
        {entry.key !== null && entry.key !== undefined && <Json value={entry.key} label="Key" />}
        <div class="before-after">
          <div>
            <h3>Before</h3>
            <Side value={entry.old} none="The row was not there." />
          </div>
          <div>
            <h3>After</h3>
            <Side value={entry.new} none="The row is gone." />
          </div>
        </div>
      </details>
    </li>
  );
}

function Side({ value, none }: { value: unknown; none: string }) {
  if (value === null || value === undefined) return <p class="quiet">{none}</p>;
  return <Json value={value} label="Row" />;
}
