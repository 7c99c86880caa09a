import type { StreamRecord } from "./store.js";

/** How a stream's parts stand in an event stream: the SDK knows two forms and is told which by `X-Stream-Version`. */
export type EventForm = "v1" | "v2";

/** One event of the form that output streams have: an id to resume after, and the part as it was written. */
function toV1({ seq, data, created_at }: StreamRecord): string {
  const lines = data.split(/\r?\n/).map((line) => `data: ${line}\n`);
  return `id: ${created_at.getTime()}-${seq}\n${lines.join("")}\n`;
}

/** One event for many parts, numbered: the form that input streams have. */
function toV2(records: StreamRecord[]): string {
  const batch = records.map(({ seq, data, created_at }) => ({
    body: JSON.stringify({ data: JSON.parse(data), id: `record-${seq}` }),
    seq_num: seq,
    timestamp: created_at.getTime(),
    headers: [],
  }));
  return `event: batch\nid: ${records.at(-1)?.seq}\ndata: ${JSON.stringify({ records: batch })}\n\n`;
}

export function toEvents(records: StreamRecord[], form: EventForm): string {
  return form === "v1" ? records.map(toV1).join("") : toV2(records);
}

/** The part after which a reader that was cut off goes on. */
export function readLastEventId(id: string | undefined): number {
  const seq = Number(id?.split("-").at(-1));
  return id !== undefined && Number.isInteger(seq) ? seq : -1;
}
