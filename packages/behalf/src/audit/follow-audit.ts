import { conditionsOf, entryOf } from "./read-audit.js";
import { openSource } from "./source.js";
import type { AuditClient, AuditEntry, AuditFilter } from "./types.js";
import { readAuditHead } from "./verify-audit.js";

/** How {@link followAudit} follows. */
export interface FollowOptions {
  /** Ends the following, without an error. */
  signal?: AbortSignal;
  /** Milliseconds between two looks; default 500. */
  every?: number;
}

const pageSize = 1000;

interface Link {
  strand: number;
  place: number | string;
  statement_id: number | string;
}

/**
 * Entries as their transactions commit, for as long as the loop goes on. It goes along the hash chain, whose order is
 * that of the commits, so that a transaction that began earlier and ends later is not missed. For the service role or
 * the trail's owner.
 *
 * @throws AuditError as {@link readAudit}.
 *
 * @example
 * ```ts
 * import { followAudit } from "behalf/audit";
 *
 * for await (const entry of followAudit(admin, { task: "add-new-user" })) console.log(entry.operation, entry.key);
 * ```
 */
export async function* followAudit(
  client: AuditClient,
  filter: AuditFilter = {},
  { signal, every = 500 }: FollowOptions = {},
): AsyncGenerator<AuditEntry, void, undefined> {
  const source = openSource(client);
  const conditions = conditionsOf(filter);
  const seen = Object.fromEntries((await readAuditHead(client)).map(({ strand, place }) => [strand, place]));
  while (!signal?.aborted) {
    const links = (await source.call("audit_links_after", { places: seen, at_most: pageSize })) as Link[];
    for (const { strand, place } of links) seen[strand] = Math.max(seen[strand] ?? 0, Number(place));
    const statements = links.map((link) => Number(link.statement_id)).sort((a, b) => a - b);
    for (const statement of statements) yield* entriesOf(statement);
    if (links.length === 0) await pause(every, signal);
  }

  // A statement may have changed any number of rows, and an API answers with a thousand at most.
  async function* entriesOf(statement: number): AsyncGenerator<AuditEntry> {
    for (let offset = 0; ; offset += pageSize) {
      const rows = await source.select("audit_log", {
        conditions: [{ column: "statement_id", is: "=", value: statement }, ...conditions],
        order: ["entry", "ordinal"].map((column) => ({ column, ascending: true })),
        limit: pageSize,
        offset,
      });
      yield* rows.map(entryOf);
      if (rows.length < pageSize) return;
    }
  }
}

/** Resolves early when the signal does. */
function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    signal?.addEventListener("abort", end);
    if (signal?.aborted) end();
  });
}
