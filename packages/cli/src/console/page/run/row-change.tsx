import { Icon } from "../parts/icon.js";

/** A row before and after, column by column. What isn't there before was inserted, what isn't there after was deleted. */
export function RowChange({ before, after }: { before: unknown; after: unknown }) {
  const old = columnsOf(before);
  const now = columnsOf(after);
  const columns = [...new Set([...Object.keys(old), ...Object.keys(now)])];
  return (
    <dl class="row-change">
      {columns.map((column) => (
        <div key={column}>
          <dt class="mono">{column}</dt>
          <dd class="mono">
            {column in old && <del>{formatValue(old[column])}</del>}
            {column in old && column in now && (
              <span class="arrow">
                <Icon name="arrow" />
                <span class="unseen"> became </span>
              </span>
            )}
            {column in now && <ins>{formatValue(now[column])}</ins>}
          </dd>
        </div>
      ))}
    </dl>
  );
}

function columnsOf(row: unknown): Record<string, unknown> {
  return typeof row === "object" && row !== null ? (row as Record<string, unknown>) : {};
}

function formatValue(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
