import { readFile } from "node:fs/promises";
import {
  type AuditEntry,
  type AuditFilter,
  type AuditHead,
  followAudit,
  readAudit,
  readAuditHead,
  verifyAudit,
} from "behalf/audit";
import { UsageError } from "../errors.js";
import { formatEntry, formatStory } from "./audit-format.js";
import { withDatabase } from "./database.js";
import { print, printJson, styled } from "./terminal.js";

export interface AuditOptions {
  dir: string;
  json?: boolean;
  follow?: boolean;
  limit?: number;
  table?: string;
  user?: string;
  task?: string;
  run?: string;
  since?: Date;
}

/** `behalf audit`: the latest entries, oldest of them first. With `follow`, those that are committed from now on, until Ctrl-C. */
export async function audit({ dir, json, follow, limit, ...filter }: AuditOptions): Promise<void> {
  await withDatabase(dir, async (client) => {
    if (follow) return followEntries(followAudit(client, filter, { signal: interrupted() }), json);
    const entries = (await readAudit(client, { ...filter, ...(limit ? { limit } : {}) })).reverse();
    if (json) printJson(entries);
    else if (entries.length === 0) print("No entry.");
    else for (const entry of entries) print(formatEntry(entry));
  });
}

/** One JSON object a line: whatever reads along need not wait for an end. */
async function followEntries(entries: AsyncIterable<AuditEntry>, json: boolean | undefined): Promise<void> {
  for await (const entry of entries) print(json ? JSON.stringify(entry) : formatEntry(entry));
}

function interrupted(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => controller.abort());
  return controller.signal;
}

const most = 1000;

/** `behalf audit run <id>`: what one run did, in order. */
export async function auditRun(run: string, { dir, json }: { dir: string; json?: boolean }): Promise<void> {
  await withDatabase(dir, async (client) => {
    const filter: AuditFilter = { run };
    const entries = await readAudit(client, { ...filter, first: "oldest", limit: most });
    if (json) return printJson(entries);
    print(formatStory(run, entries));
    if (entries.length === most)
      print(`\nThese are the first ${most} entries; the rest: behalf audit --run ${run} --since …`);
  });
}

/** `behalf audit verify`: returns 1 where the trail contradicts its hash chain, or the chain a head that was kept elsewhere. */
export async function auditVerify(options: { dir: string; json?: boolean; head?: string }): Promise<0 | 1> {
  const head = options.head === undefined ? undefined : await readHead(options.head);
  const problems = await withDatabase(options.dir, (client) => verifyAudit(client, head ? { head } : {}));
  if (options.json) printJson({ intact: problems.length === 0, problems });
  else if (problems.length === 0)
    print(`The trail is as it was recorded${head ? ", and leads to the head that was kept" : ""}.`);
  else {
    for (const { problem, strand, place, statement } of problems)
      print(
        `${styled("red", problem)}${statement === null ? "" : `, statement ${statement}`}${strand === null ? "" : ` (strand ${strand}, place ${place})`}`,
      );
  }
  return problems.length === 0 ? 0 : 1;
}

/** `behalf audit head`: the chain's last links, as `verify --head` takes them. */
export async function auditHead({ dir }: { dir: string }): Promise<void> {
  printJson(await withDatabase(dir, (client) => readAuditHead(client)));
}

async function readHead(file: string): Promise<AuditHead[]> {
  const refuse = (what: string, cause?: unknown) =>
    new UsageError("ERR_USAGE_HEAD", `${file} ${what}. It has to be what \`behalf audit head\` printed.`, {
      cause,
    });
  let head: unknown;
  try {
    head = JSON.parse(await readFile(file, "utf8"));
  } catch (cause) {
    throw refuse("can't be read or isn't JSON", cause);
  }
  const isLink = (link: Partial<AuditHead> | null) =>
    Number.isInteger(link?.strand) && Number.isInteger(link?.place) && typeof link?.hash === "string";
  if (!Array.isArray(head) || !head.every(isLink)) throw refuse("holds no head");
  return head as AuditHead[];
}
