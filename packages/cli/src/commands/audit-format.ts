import type { AuditEntry } from "behalf/audit";
import { styled } from "./terminal.js";

/** One entry as a line, and what it changed below it. */
export function formatEntry(entry: AuditEntry): string {
  const { at, operation, schema, table, key } = entry;
  const row = key ? ` ${formatValues(key)}` : "";
  return [
    `${styled("dim", formatMoment(at))} ${styled("bold", operation)} ${schema}.${table}${row}  ${formatWho(entry)}`,
    ...formatChanges(entry).map((line) => `    ${line}`),
  ].join("\n");
}

/** One run's entries as a story: who and why first, then what happened, then how much of it. */
export function formatStory(run: string, entries: readonly AuditEntry[]): string {
  const [first] = entries;
  const last = entries.at(-1);
  if (!first || !last) return `${run} changed nothing that is audited.`;
  const attempts = [...new Set(entries.map(({ attempt }) => attempt))].filter((attempt) => attempt !== null);
  const counts = new Map<string, number>();
  for (const { operation, schema, table } of entries) {
    const what = `${operation} ${schema}.${table}`;
    counts.set(what, (counts.get(what) ?? 0) + 1);
  }
  return [
    `${run}: ${formatWho(first)}`,
    `${formatMoment(first.at)} to ${formatMoment(last.at)}${attempts.length > 0 ? `, attempts ${attempts.join(", ")}` : ""}`,
    "",
    ...entries.map((entry) => {
      const { at, operation, schema, table, key, attempt } = entry;
      const again = attempts.length > 1 ? ` (attempt ${attempt})` : "";
      return [
        `${styled("dim", formatMoment(at))} ${styled("bold", operation)} ${schema}.${table}${key ? ` ${formatValues(key)}` : ""}${again}`,
        ...formatChanges(entry).map((line) => `    ${line}`),
      ].join("\n");
    }),
    "",
    [...counts].map(([what, count]) => `${what}: ${count}`).join(", "),
  ].join("\n");
}

/** "user … by the task … (run …, attempt 1), asked by …", or "service_role by the task …: reason". */
function formatWho({ role, user, task, run, attempt, initiator, reason, unexplained }: AuditEntry): string {
  const details = [run, attempt === null ? null : `attempt ${attempt}`].filter((part) => part !== null);
  return [
    user === null ? role : `user ${user}`,
    task === null ? "" : ` by the task ${task}`,
    task !== null && details.length > 0 ? ` (${details.join(", ")})` : "",
    initiator === null ? "" : `, asked by ${initiator}`,
    reason === null ? "" : `: ${reason}`,
    unexplained ? styled("yellow", ": no reason given") : "",
  ].join("");
}

function formatChanges({ before, after }: AuditEntry): string[] {
  const names = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])];
  return names.map((name) => {
    const was = before && name in before ? format(before[name]) : undefined;
    const is = after && name in after ? format(after[name]) : undefined;
    if (was === undefined) return `${name}: ${is}`;
    return is === undefined ? `${name}: ${was}` : `${name}: ${was} → ${is}`;
  });
}

const format = (value: unknown) => {
  const text = JSON.stringify(value) ?? "null";
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
};

const formatValues = (values: Readonly<Record<string, unknown>>) =>
  Object.entries(values)
    .map(([name, value]) => `${name}=${format(value)}`)
    .join(" ");

const formatMoment = (at: Date) => at.toISOString().replace("T", " ").slice(0, 23);
