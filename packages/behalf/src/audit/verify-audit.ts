import { openSource } from "./source.js";
import type { AuditClient } from "./types.js";

/** The last link of one strand of the hash chain. */
export interface AuditHead {
  readonly strand: number;
  /** The link's number in its strand, from 1, without gaps. */
  readonly place: number;
  /** Hexadecimal SHA-256 over everything recorded in this strand so far. */
  readonly hash: string;
}

/** Something about the trail that its chain, or a head kept elsewhere, contradicts. */
export interface AuditProblem {
  readonly problem: string;
  readonly strand: number | null;
  readonly place: number | null;
  readonly statement: number | null;
}

/**
 * The last link of each strand. Keep the answer where the database's owner can't write: they could rewrite a whole
 * chain, but not into one that leads to these hashes. For the service role or the trail's owner.
 *
 * @throws AuditError as {@link readAudit}.
 */
export async function readAuditHead(client: AuditClient): Promise<AuditHead[]> {
  const rows = await openSource(client).call("audit_head");
  return (rows as { strand: number; place: number | string; hash: string }[]).map((row) => ({
    strand: row.strand,
    place: Number(row.place),
    hash: row.hash,
  }));
}

/**
 * Compares the trail with its chain, and the chain with a head that was kept elsewhere. Reads the whole trail. For the
 * service role or the trail's owner.
 *
 * @returns what is wrong; nothing was edited, deleted, added by hand or reordered when that is an empty list.
 * @throws AuditError as {@link readAudit}.
 *
 * @example
 * ```ts
 * import { readAuditHead, verifyAudit } from "behalf/audit";
 *
 * const head = await readAuditHead(admin); // yesterday, kept elsewhere
 * const problems = await verifyAudit(admin, { head }); // today
 * ```
 */
export async function verifyAudit(
  client: AuditClient,
  { head }: { head?: readonly AuditHead[] } = {},
): Promise<AuditProblem[]> {
  const args = head === undefined ? {} : { head };
  const rows = await openSource(client).call("verify_audit", args);
  const number = (value: number | string | null) => (value === null ? null : Number(value));
  return (rows as Record<"strand" | "place" | "statement_id", number | string | null>[]).map((row) => ({
    problem: (row as unknown as { problem: string }).problem,
    strand: number(row.strand),
    place: number(row.place),
    statement: number(row.statement_id),
  }));
}
