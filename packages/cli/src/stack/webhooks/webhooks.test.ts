import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { Client, Pool } from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { ada, startTestStack, type TestStack } from "../test-support.js";

interface Received {
  path: string;
  method: string;
  secret: string | undefined;
  type: string | undefined;
  body: Record<string, unknown> | undefined;
}

let stack: TestStack;
let client: Client;
let server: Server;
let url: string;
let received: Received[] = [];

beforeAll(async () => {
  server = createServer(async (request, response): Promise<void> => {
    let text = "";
    for await (const chunk of request.setEncoding("utf8")) text += chunk;
    const path = request.url ?? "";
    received.push({
      path,
      method: request.method ?? "",
      secret: request.headers["x-secret"] as string | undefined,
      type: request.headers["content-type"],
      body: text ? (JSON.parse(text) as Record<string, unknown>) : undefined,
    });
    // /never is never answered.
    if (path === "/never") return;
    if (path === "/nul") return void response.end("a\0\\u0000b");
    response.writeHead(path === "/fails" ? 500 : 200, { "content-type": "text/plain" }).end("thanks");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  stack = await startTestStack({
    "supabase/migrations/20260101000000_webhook.sql": `
      create table public.orders (id int primary key, title text);
      create trigger notify after insert or update or delete on public.orders for each row
        execute function supabase_functions.http_request('${url}/hook', 'POST', '{"Content-Type":"application/json","X-Secret":"s3"}', '{}', '5000');
      grant all on public.orders to service_role;`,
    "supabase/seed.sql": `insert into auth.users (id, email) values ('${ada}', 'ada@example.com');`,
  });
  client = new Client(stack.databaseUrl);
  await client.connect();
});
afterAll(async () => {
  await client?.end();
  await stack?.end();
  server?.closeAllConnections();
  server?.close();
});
beforeEach(() => {
  received = [];
});

const of = (path: string) => received.filter((request) => request.path === path);

describe("Database Webhooks", () => {
  test("a change is told after its commit, as the hosted service tells it", async () => {
    const service = stack.client(stack.keys.secretKey);
    await service.from("orders").insert({ id: 1, title: "one" });
    await service.from("orders").update({ title: "uno" }).eq("id", 1);
    await service.from("orders").delete().eq("id", 1);
    await expect.poll(() => received.length).toBe(3);
    const common = { table: "orders", schema: "public" };
    const bodies = received.map(({ body }) => body).sort((a, b) => order(a?.type) - order(b?.type));
    expect(bodies).toEqual([
      { ...common, type: "INSERT", record: { id: 1, title: "one" }, old_record: null },
      { ...common, type: "UPDATE", record: { id: 1, title: "uno" }, old_record: { id: 1, title: "one" } },
      { ...common, type: "DELETE", record: null, old_record: { id: 1, title: "uno" } },
    ]);
    expect(received[0]).toMatchObject({ method: "POST", secret: "s3" });
  });

  test("a row that is rolled back is never told", async () => {
    await client.query(
      "begin; insert into public.orders values (2, 'never'); rollback; insert into public.orders values (3, 'told')",
    );
    await expect.poll(() => received.length).toBe(1);
    expect(received[0]?.body).toMatchObject({ record: { id: 3 } });
  });

  test("net.http_* work, and what came back is kept: an answer, a refusal, a timeout, an address where nobody is", async () => {
    const { rows } = await client.query<{ ok: string; fails: string; never: string; nobody: string }>(`select
      net.http_get('${url}/ok', '{"q": "a b&c"}') as ok, net.http_post('${url}/fails', '{"a": 1}') as fails,
      net.http_post('${url}/never', '{}', '{}', '{}', 300) as never, net.http_delete('http://127.0.0.1:1/') as nobody`);
    const ids = Object.values(rows[0] ?? {});
    const answers = async () =>
      (
        await client.query(
          "select id, status_code, content, timed_out, error_msg from net._http_response where id = any ($1) order by id",
          [ids],
        )
      ).rows;
    await expect.poll(async () => (await answers()).length).toBe(4);
    expect(await answers()).toMatchObject([
      { status_code: 200, content: "thanks", timed_out: false, error_msg: null },
      { status_code: 500, timed_out: false },
      { status_code: null, timed_out: true, error_msg: expect.stringMatching(/Timeout of 300 ms/) },
      { status_code: null, timed_out: false, error_msg: expect.stringMatching(/bad port|ECONNREFUSED/) },
    ]);
    expect(
      new URL(
        of(received.find(({ path }) => path.startsWith("/ok"))?.path ?? "")[0]?.path ?? "",
        url,
      ).searchParams.get("q"),
    ).toBe("a b&c");
    expect(stack.steps.map(({ message }) => message).join("\n")).toMatch(/\/fails answered 500/);
  });

  test("a body is JSON and says so, as pg_net has it, and what the hosted service refuses is refused", async () => {
    await client.query(`create table public.strict (id int);
      create trigger told after insert on public.strict for each row
        execute function supabase_functions.http_request('${url}/strict', 'POST', '{"X-Secret":"s4"}')`);
    await client.query("insert into public.strict values (1)");
    await expect.poll(() => received.length).toBe(1);
    expect(received[0]).toMatchObject({ secret: "s4", type: "application/json" });
    const text = `select net.http_post('${url}/strict', '{}', '{}', '{"content-type":"text/plain"}')`;
    await expect(client.query(text)).rejects.toThrow('Content-Type header must be "application/json"');
    for (const [method, message] of [
      ["'post'", "method argument post is invalid"],
      ["'null'", "method argument is missing"],
    ]) {
      await client.query(`drop trigger told on public.strict; create trigger told after insert on public.strict for each row
        execute function supabase_functions.http_request('${url}/strict', ${method})`);
      await expect(client.query("insert into public.strict values (2)")).rejects.toThrow(message);
    }
  });

  test("of many rows in one statement none is lost and none told twice", async () => {
    await client.query("insert into public.orders select n, 'many' from generate_series(1000, 1499) as n");
    await expect.poll(() => received.length).toBe(500);
    const told = received.map(({ body }) => (body as { record: { id: number } }).record.id);
    expect(new Set(told).size).toBe(500);
  });
});

describe("under load", () => {
  const told = () => received.map(({ body }) => (body as { record: { id: number } }).record.id);

  test("of many transactions at once none is lost, none told twice, and one that commits late is told", async () => {
    const pool = new Pool({ connectionString: stack.databaseUrl, max: 6 });
    pool.on("error", () => {});
    const late = await pool.connect();
    await late.query("begin; insert into public.orders values (3000, 'late')");
    const ids = Array.from({ length: 400 }, (_, at) => 3001 + at);
    const waiting = ids.values();
    await Promise.all(
      Array.from({ length: 5 }, async () => {
        for (const id of waiting)
          await pool.query("insert into public.orders values ($1, 'one of many')", [id]);
      }),
    );
    await expect.poll(() => received.length).toBe(400);
    // Whatever had been woken by now has found nothing more.
    await late.query("commit");
    late.release();
    await expect.poll(() => received.length).toBe(401);
    expect(told().sort((a, b) => a - b)).toEqual([3000, ...ids]);
    await pool.end();
  });

  test("a receiver that never answers holds nobody else up", async () => {
    await client.query(`select net.http_post('${url}/never', '{}', '{}', '{}', 600000)`);
    await expect.poll(() => of("/never").length).toBe(1);
    for (let id = 4001; id <= 4020; id++)
      await client.query("insert into public.orders values ($1, 'behind it')", [id]);
    await expect.poll(() => of("/hook").length).toBe(20);
  });

  test("an answer with what Postgres can't keep is kept without it", async () => {
    const { rows } = await client.query<{ id: string }>(`select net.http_get('${url}/nul') as id`);
    const contents = async () =>
      (await client.query("select content from net._http_response where id = $1", [rows[0]?.id])).rows;
    await expect.poll(contents).toEqual([{ content: "a\\u0000b" }]);
  });
});

function order(type: unknown): number {
  return ["INSERT", "UPDATE", "DELETE"].indexOf(String(type));
}
