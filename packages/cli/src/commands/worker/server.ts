import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { lacking, type WorkerSettings } from "./settings.js";

type Server = Pick<WorkerSettings, "server" | "secretKey">;

/** The id of the server's newest run, if it has any. */
async function askNewestRun({ server, secretKey }: Server, signal: AbortSignal): Promise<string | undefined> {
  const response = await fetch(`${server}/api/v1/runs?page[size]=1`, {
    headers: { authorization: `Bearer ${secretKey}` },
    signal,
  });
  if (response.status === 401)
    throw lacking(`${server} doesn't take the TRIGGER_SECRET_KEY that is set. Set the one of that machine.`);
  if (!response.ok) throw lacking(`${server} answered ${response.status}. --server takes a TRIGGER_API_URL.`);
  const { data } = (await response.json()) as { data?: { id: string }[] };
  return data?.[0]?.id;
}

/**
 * Asks the server and looks into the database, before any run is taken: a worker on another's database would execute somebody else's runs.
 *
 * @throws {UsageError} `ERR_USAGE_WORKER` where the server can't be asked, or the database isn't its own.
 */
export async function checkServer(settings: WorkerSettings): Promise<void> {
  const { server, databaseUrl } = settings;
  let newest: string | undefined;
  try {
    newest = await askNewestRun(settings, AbortSignal.timeout(10_000));
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ERR_USAGE_WORKER") throw error;
    throw lacking(
      `${server} doesn't answer. Start behalf dev there; from another machine a tunnel has to lead to it, because it listens on its loopback alone.`,
      error,
    );
  }
  if (!(await holdsRun(databaseUrl, newest)))
    throw lacking(
      `The database isn't that of ${server}. Set the connection string that \`behalf status --env\` prints there.`,
    );
}

async function holdsRun(databaseUrl: string, run: string | undefined): Promise<boolean> {
  try {
    const url = new URL(databaseUrl);
    url.pathname = "/behalf_runtime";
    const client = new pg.Client({ connectionString: url.href, connectionTimeoutMillis: 20_000 });
    client.on("error", () => undefined);
    await client.connect();
    try {
      const { rowCount } = await client.query("select from runtime.runs where id = $1", [run ?? ""]);
      return run === undefined || rowCount === 1;
    } finally {
      await client.end();
    }
  } catch (cause) {
    const { code } = cause as { code?: string };
    // The database or the table is missing there.
    if (code === "3D000" || code === "42P01") return false;
    throw lacking(
      `The database can't be opened${code ? ` (${code})` : ""}. The connection string has to be the superuser's, as \`behalf status --env\` prints it.`,
      cause,
    );
  }
}

const interval = 1000;
const patience = 5;

/** Resolves once the server hasn't answered for a while: what a restart of it listens on is another port. */
export async function untilGone(settings: Server, signal: AbortSignal): Promise<void> {
  for (let missed = 0; missed < patience && !signal.aborted; ) {
    await sleep(interval, undefined, { signal }).catch(() => {});
    const answer = askNewestRun(settings, AbortSignal.any([signal, AbortSignal.timeout(10_000)]));
    missed = await answer.then(
      () => 0,
      () => missed + 1,
    );
  }
}
