const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

/** 340 ms, 2.4 s, 3 min 05 s, 2 h 10 min. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < minute) return `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`;
  if (ms < hour) return `${Math.floor(ms / minute)} min ${pad(Math.floor((ms % minute) / 1000))} s`;
  return `${Math.floor(ms / hour)} h ${pad(Math.floor((ms % hour) / minute))} min`;
}

/** "just now", "5 min ago", "in 3 h", a date beyond a week. */
export function formatRelative(at: number, now: number): string {
  const distance = Math.abs(now - at);
  if (distance < 5000) return "just now";
  if (distance > 7 * day) return new Date(at).toLocaleDateString();
  const text =
    distance < minute
      ? `${Math.floor(distance / 1000)} s`
      : distance < hour
        ? `${Math.floor(distance / minute)} min`
        : distance < day
          ? `${Math.floor(distance / hour)} h`
          : `${Math.floor(distance / day)} d`;
  return at > now ? `in ${text}` : `${text} ago`;
}

/** Where an event stands in its run: +0.000 s. */
export function formatOffset(ms: number): string {
  return ms < minute ? `+${(Math.max(0, ms) / 1000).toFixed(3)}` : `+${formatDuration(ms)}`;
}

export const formatDateTime = (at: string) =>
  new Date(at).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" });

export const plural = (count: number, one: string, many = `${one}s`) =>
  `${count.toLocaleString()} ${count === 1 ? one : many}`;

/** Indented JSON; texts stay as they are. */
export function formatJson(value: unknown): string {
  return JSON.stringify(value, null, 2) ?? "undefined";
}

const pad = (value: number) => String(value).padStart(2, "0");
