import { readdirSync, readFileSync } from "node:fs";
import { openSource } from "../audit/source.js";
import type { QueryableLike } from "../audit/types.js";

/** One of the files that make schema `behalf`. */
export interface Migration {
  /** `010_identity`: what `behalf.migrations` keeps. Files are applied in the order of their names. */
  readonly name: string;
  readonly sql: string;
}

/** How a database's schema `behalf` compares with this version of the package. */
export interface MigrationCheck {
  /** Whether nothing is missing. */
  readonly current: boolean;
  /** Applied, in order. */
  readonly applied: readonly string[];
  /** Not applied yet, in order. */
  readonly missing: readonly string[];
  /** Applied by a newer version of the package. */
  readonly unknown: readonly string[];
}

const folder = new URL("../../sql/", import.meta.url);

/** The migrations of schema `behalf`, in order. Applying one again changes nothing. */
export function auditMigrations(): Migration[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith(".sql"))
    .sort()
    .map((file) => ({
      name: file.slice(0, -".sql".length),
      sql: readFileSync(new URL(file, folder), "utf8"),
    }));
}

/**
 * Compares a database with {@link auditMigrations}. Nothing of behalf in it: all are missing.
 *
 * @throws AuditError `ERR_AUDIT_READ` when the database refuses, or isn't reached.
 */
export async function checkMigrations(client: QueryableLike): Promise<MigrationCheck> {
  const names = auditMigrations().map(({ name }) => name);
  const applied = await appliedNames(client);
  const missing = names.filter((name) => !applied.includes(name));
  return {
    current: missing.length === 0,
    applied,
    missing,
    unknown: applied.filter((name) => !names.includes(name)),
  };
}

async function appliedNames(client: QueryableLike): Promise<string[]> {
  try {
    const rows = await openSource(client).select("migrations", {
      conditions: [],
      order: [{ column: "name", ascending: true }],
      limit: 1000,
    });
    return rows.map((row) => (row as { name: string }).name);
  } catch (error) {
    if ((error as { code?: unknown }).code === "ERR_AUDIT_MISSING") return [];
    throw error;
  }
}
