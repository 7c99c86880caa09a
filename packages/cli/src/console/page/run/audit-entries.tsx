import type { ConsoleAuditEntry, ConsoleIdentity } from "../../contract.js";
import { formatDateTime } from "../format.js";
import { Empty } from "../parts/empty.js";
import { Identity } from "../parts/identity.js";
import { Json } from "../parts/json.js";

/** What the run changed in the database, as the audit trail tells it. */
export function AuditEntries({ entries, ranAs }: { entries: ConsoleAuditEntry[]; ranAs: ConsoleIdentity[] }) {
  return (
    <section class="audit">
      <h2>Audit trail</h2>
      {entries.length === 0 && <Empty>It changed no audited row.</Empty>}
      {entries.length > 0 && (
        <ol>
          {entries.map((entry) => (
            <AuditEntry key={entry.id} entry={entry} identity={identityOf(entry, ranAs)} />
          ))}
        </ol>
      )}
    </section>
  );
}

function AuditEntry({
  entry,
  identity,
}: {
  entry: ConsoleAuditEntry;
  identity: ConsoleIdentity | undefined;
}) {
  const { operation, table, at } = entry;
  return (
    <li class={identity?.kind === "service" ? "by-service" : undefined}>
      <details>
        <summary>
          <span class="verb">{operation.toLowerCase()}</span>
          <span class="mono">{table}</span>
          {identity ? <Identity identity={identity} /> : <span class="mono quiet">{entry.role}</span>}
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

/** The trail knows ids; the run's own requests know the names of some. */
function identityOf(
  { role, userId, reason }: ConsoleAuditEntry,
  ranAs: ConsoleIdentity[],
): ConsoleIdentity | undefined {
  if (role === "service_role") return { kind: "service", reason };
  if (userId === null) return undefined;
  const known = ranAs.find((identity) => identity.kind === "user" && identity.userId === userId);
  return known ?? { kind: "user", userId, email: null, role, initiator: null };
}
