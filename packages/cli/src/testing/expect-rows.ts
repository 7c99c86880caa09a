import { isDeepStrictEqual } from "node:util";

interface Selects {
  from(table: string): {
    select(columns: string): PromiseLike<{ data: unknown[] | null; error: { message: string } | null }>;
  };
}

/** Whether both hold the same rows as far as the columns go, in any order. Members of a JSON value count in any order, too. */
export function holdsRows(
  found: readonly Record<string, unknown>[],
  expected: readonly Record<string, unknown>[],
  columns: readonly string[],
): boolean {
  const texts = (rows: readonly Record<string, unknown>[]) =>
    rows.map((row) => inOrder(Object.fromEntries(columns.map((name) => [name, row[name]])))).sort();
  return isDeepStrictEqual(texts(found), texts(expected));
}

function inOrder(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

/** Compares the rows that a client sees with the expected ones, by the columns that these name, in any order. */
export async function expectRows(
  client: Selects,
  table: string,
  expected: Record<string, unknown>[],
): Promise<void> {
  const columns = [...new Set(expected.flatMap((row) => Object.keys(row)))];
  const { data, error } = await client.from(table).select(columns.length > 0 ? columns.join(",") : "*");
  if (error) throw new Error(`${table} could not be read: ${error.message}`);
  if (holdsRows((data ?? []) as Record<string, unknown>[], expected, columns)) return;
  throw new Error(
    `${table} holds other rows.\nexpected: ${JSON.stringify(expected)}\nfound:    ${JSON.stringify(data)}`,
  );
}
