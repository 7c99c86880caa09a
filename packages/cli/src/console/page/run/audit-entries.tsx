import type { ConsoleAuditEntry, ConsoleIdentity } from "../../contract.js";
import { formatDateTime } from "../format.js";
import { Identity } from "../parts/identity.js";
import { RowChange } from "./row-change.js";

/** So many entries are open from the beginning. */
const few = 4;

/** What the run changed in the database, as the audit trail tells it. */
export function AuditEntries({ entries, ranAs }: { entries: ConsoleAuditEntry[]; ranAs: ConsoleIdentity[] }) {
  return (
    <section class="audit">
      <h2>Audit trail</h2>
      {entries.length === 0 && <p class="quiet">It changed no audited row.</p>}
      {entries.length > 0 && (
        <ol>
          {entries.map((entry) => (
            <AuditEntry
              key={entry.id}
              entry={entry}
              identity={identityOf(entry, ranAs)}
              open={entries.length <= few}
            />
          ))}
        </ol>
      )}
    </section>
  );
}

interface AuditEntryProps {
  entry: ConsoleAuditEntry;
  identity: ConsoleIdentity | undefined;
  open: boolean;
}

function AuditEntry({ entry, identity, open }: AuditEntryProps) {
  const { operation, table, at, key } = entry;
  return (
    <li class={identity?.kind === "service" ? "by-service" : undefined}>
      <details open={open}>
        <summary>
          <span class="verb">{operation.toLowerCase()}</span>
          <span class="mono">{table}</span>
          {key !== null && key !== undefined && <span class="mono quiet">{formatKey(key)}</span>}
          {identity ? <Identity identity={identity} /> : <span class="mono quiet">{entry.role}</span>}
          <time class="quiet" dateTime={at}>
            {formatDateTime(at)}
          </time>
        </summary>
        <RowChange before={entry.old} after={entry.new} />
      </details>
    </li>
  );
}

function formatKey(key: unknown): string {
  if (typeof key !== "object" || key === null) return String(key);
  return Object.entries(key)
    .map(([column, value]) => `${column} ${value}`)
    .join(", ");
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
