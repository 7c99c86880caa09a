import pg from "pg";

/** A name as SQL takes it, quoted only where it has to be. */
export function quoteIdentifier(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) ? name : pg.escapeIdentifier(name);
}
