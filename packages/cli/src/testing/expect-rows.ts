import { isDeepStrictEqual } from "node:util";

interface Selects {
  from(table: string): {
    select(columns: string): PromiseLike<{ data: unknown[] | null; error: { message: string } | null }>;
  };
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
  const sorted = (rows: unknown[]) => rows.map((row) => JSON.stringify(row, columns.toSorted())).sort();
  if (isDeepStrictEqual(sorted(data ?? []), sorted(expected))) return;
  throw new Error(
    `${table} holds other rows.\nexpected: ${JSON.stringify(expected)}\nfound:    ${JSON.stringify(data)}`,
  );
}
