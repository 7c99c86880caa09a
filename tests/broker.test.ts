// The example's broker as an Edge Function under Deno, and a worker process that holds no key.
import { spawn } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { type Stack, startRuntime, startStack } from "@behalf/cli";
import { createClient } from "@supabase/supabase-js";
import { configure } from "@trigger.dev/sdk";
import { createBroker } from "behalf/broker";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { ada, behalfOf, codeOf, generateGrantKeys, grace, signIn } from "./grants-test-support.ts";
import { workspace } from "./support/workspace.ts";

const secret = "the-secret-that-the-worker-shares-with-the-broker";
const actor = { sub: "export-notes", run: "run_1", attempt: 1 };

// What a worker does, in a process of its own: acts on the grant it is given, then tells all that it knows.
const worker = `
import { writeHeapSnapshot } from "node:v8";
import { createBehalf } from "behalf";
const behalf = createBehalf({ broker: { url: process.env.SUPABASE_URL + "/functions/v1/broker" }, requireGrant: true });
const { payload, actor, snapshot } = JSON.parse(process.env.JOB);
delete process.env.JOB;
const supabase = await behalf.asUser({ grant: payload.grant, payload }, { actor });
const read = await supabase.from("notes").select("user_id, body");
const write = await supabase.from("notes").insert({ body: "from the worker" }).select("user_id").single();
const forged = await supabase.from("notes").insert({ body: "forged", user_id: "${grace}" });
writeHeapSnapshot(snapshot);
console.error(behalf, supabase, read, write);
console.log(JSON.stringify({ read: read.data, wrote: write.data, forged: forged.error?.code, environment: process.env }));
`;

let folder: string;
let stack: Stack;
let grantKeys: Awaited<ReturnType<typeof generateGrantKeys>>;
let signingKey: object;
let accessToken: string;

beforeAll(async () => {
  // Inside the workspace, so that imports resolve as an installed project's would.
  await mkdir(join(workspace, "artifacts"), { recursive: true });
  folder = await mkdtemp(join(workspace, "artifacts/broker-"));
  await cp(join(workspace, "examples/broker"), folder, {
    recursive: true,
    filter: (path) => !/[/\\](?:\.behalf|\.env|node_modules)$/.test(path),
  });
  [stack, grantKeys] = await Promise.all([
    startStack({ directory: join(folder, ".behalf"), project: folder }),
    generateGrantKeys(),
  ]);
  signingKey = stack.keys.signingKeys[0] ?? {};
  const variables = {
    BEHALF_SIGNING_KEY: JSON.stringify(signingKey),
    BEHALF_GRANT_KEY: JSON.stringify(grantKeys.worker),
    BEHALF_BROKER_SECRET: secret,
    BEHALF_USERS: "lookup",
  };
  await writeFile(
    join(folder, "supabase/functions/.env"),
    Object.entries(variables)
      .map(([name, value]) => `${name}='${value}'`)
      .join("\n"),
  );
  await writeFile(join(folder, "worker.mjs"), worker);
  accessToken = await signIn(stack, ada, "ada@example.com");
});
afterAll(async () => {
  await stack?.stop();
  if (folder) await rm(folder, { recursive: true, force: true });
});

/** The app: no key of the project, and the private grant key. */
const seal = (options: object = {}) =>
  behalfOf({ url: stack.url, grantKey: grantKeys.app }).grant({
    accessToken,
    task: "export-notes",
    expiresIn: "1h",
    ...options,
  });

async function runWorker(job: object) {
  const child = spawn(process.execPath, ["worker.mjs"], {
    cwd: folder,
    env: {
      PATH: process.env.PATH,
      SUPABASE_URL: stack.url,
      SUPABASE_PUBLISHABLE_KEY: stack.keys.publishableKey,
      BEHALF_BROKER_SECRET: secret,
      JOB: JSON.stringify(job),
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const text = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const)
    child[name].setEncoding("utf8").on("data", (chunk: string) => {
      text[name] += chunk;
    });
  const code = await new Promise((resolve) => child.once("close", resolve));
  return { code, ...text };
}

test("a worker acts as the user, and no key is in its environment, its memory or its logs", async () => {
  const payload = { format: "text" };
  const { grant } = await seal({ payload });
  const snapshot = join(folder, "worker.heapsnapshot");
  const { code, stdout, stderr } = await runWorker({ payload: { ...payload, grant }, actor, snapshot });
  expect(stderr).not.toMatch(/Error/);
  expect(code).toBe(0);
  const { environment, ...done } = JSON.parse(stdout) as { environment: Record<string, string> };
  expect(done).toEqual({
    read: [{ user_id: ada, body: "Ada: the engine weaves algebraic patterns" }],
    wrote: { user_id: ada },
    forged: "42501",
  });

  const memory = await readFile(snapshot, "utf8");
  const { secretKey, serviceRoleKey, jwtSecret } = stack.keys;
  const { d: signing } = signingKey as { d: string };
  const searched = { memory, logs: stdout + stderr, environment: JSON.stringify(environment) };
  for (const [place, text] of Object.entries(searched))
    for (const [name, key] of Object.entries({
      signing,
      granting: grantKeys.app.d,
      secretKey,
      serviceRoleKey,
      jwtSecret,
    })) {
      expect(key).toMatch(/.{32}/);
      expect(text.includes(key as string), `${name} in ${place}`).toBe(false);
    }
  // What it does hold is found by the same search.
  expect(memory.includes(secret)).toBe(true);
  expect(memory.includes(grant)).toBe(true);
});

test("the example: a request makes the grant, a run uses it, and another payload is not run with it", async () => {
  const runtime = await startRuntime({
    project: folder,
    directory: join(folder, ".behalf"),
    adminDatabaseUrl: stack.adminDatabaseUrl,
    environment: {
      SUPABASE_URL: stack.url,
      SUPABASE_PUBLISHABLE_KEY: stack.keys.publishableKey,
      BEHALF_BROKER_SECRET: secret,
    },
  });
  try {
    expect(runtime.problems()).toEqual([]);
    configure({ baseURL: runtime.apiUrl, accessToken: runtime.secretKey });
    vi.stubEnv("SUPABASE_URL", stack.url);
    vi.stubEnv("BEHALF_GRANT_KEY", JSON.stringify(grantKeys.app));
    const { POST } = await import(join(folder, "app/start-export.ts"));
    const headers = { authorization: `Bearer ${accessToken}` };
    const { id } = await (await POST(new Request("http://app.local/export", { headers }))).json();
    const run = await runtime.waitForRun(id);
    expect(run).toMatchObject({ status: "COMPLETED", output: { userId: ada } });
    expect((run.output as { notes: string }).notes).toMatch(/^Ada: the engine weaves algebraic patterns/);

    const { grant } = await seal({ payload: { format: "text" } });
    const edited = await runtime.trigger("export-notes", { format: "json", grant });
    const refused = await runtime.waitForRun(edited.id);
    expect(refused).toMatchObject({ status: "FAILED", attempts: 1 });
    expect(refused.error?.message).toMatch(/ERR_GRANT_PAYLOAD/);
  } finally {
    vi.unstubAllEnvs();
    await runtime.stop();
  }
});

describe("the broker under Deno", () => {
  const workerOf = (options: object = {}) =>
    behalfOf({
      url: stack.url,
      publishableKey: stack.keys.publishableKey,
      broker: { url: `${stack.url}/functions/v1/broker`, secret },
      ...options,
    });

  test("carries what the auth server knows of the user, and stops for who is banned", async () => {
    const { grant } = await seal();
    const { claims } = await workerOf().mintToken({ grant }, { actor });
    expect(claims).toMatchObject({ sub: ada, email: "ada@example.com", act: actor, initiator: ada });
    const { auth } = createClient(stack.url, stack.keys.secretKey, {
      realtime: { transport: class {} as never },
    });
    await auth.admin.updateUserById(ada, { ban_duration: "1h" });
    try {
      expect(await codeOf(workerOf().mintToken({ grant }, { actor }))).toBe("ERR_USER_BANNED");
    } finally {
      await auth.admin.updateUserById(ada, { ban_duration: "none" });
    }
  });

  test("refuses another task, another payload, another worker and a plain id", async () => {
    const { grant } = await seal({ payload: { a: 1 } });
    const other = workerOf({ broker: { url: `${stack.url}/functions/v1/broker`, secret: `not-${secret}` } });
    const payload = { a: 1 };
    expect(await codeOf(workerOf().mintToken({ grant, payload }, { actor: { sub: "other" } }))).toBe(
      "ERR_GRANT_TASK",
    );
    expect(await codeOf(workerOf().mintToken({ grant, payload: { a: 2 } }, { actor }))).toBe(
      "ERR_GRANT_PAYLOAD",
    );
    expect(await codeOf(other.mintToken({ grant, payload }, { actor }))).toBe("ERR_BROKER_CLIENT_REFUSED");
    expect(await codeOf(workerOf().asUser(ada))).toBe("ERR_GRANT_REQUIRED");
  });
});

test("a broker that goes away mid-run stops the writes, and the run goes on when it is back", async () => {
  const broker = createBroker({
    environment: {},
    url: stack.url,
    signingKey: signingKey as never,
    grantKey: grantKeys.worker,
    clients: { worker: secret },
  });
  const listen = async (port = 0) => {
    const server = createServer(async (message, response) => {
      const { method = "GET", headers } = message;
      const answer = await broker(
        new Request(`http://${headers.host}`, {
          method,
          headers: headers as Record<string, string>,
          body: await text(message),
        }),
      );
      response.writeHead(answer.status, Object.fromEntries(answer.headers)).end(await answer.text());
    });
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    return server;
  };
  const close = (server: Server) => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  let server = await listen();
  const { port } = server.address() as AddressInfo;
  // Tokens end when the server's clock says so, so a clock that jumps ends them at once.
  let ahead = 0;
  const attempts: string[] = [];
  const behalf = behalfOf({
    url: stack.url,
    publishableKey: stack.keys.publishableKey,
    broker: { url: `http://127.0.0.1:${port}`, secret },
    fetch: async (input, init) => {
      if (String(input).endsWith(`:${port}`)) attempts.push("exchange");
      const response = await fetch(input, init);
      const headers = new Headers(response.headers);
      headers.set("date", new Date(Date.now() + ahead).toUTCString());
      return new Response(response.body, { status: response.status, headers });
    },
  });
  const bodies = async () => {
    const { data } = await createClient(stack.url, stack.keys.publishableKey, {
      accessToken: async () => accessToken,
      realtime: { transport: class {} as never },
    })
      .from("notes")
      .select("body")
      .like("body", "run %");
    return data?.map(({ body }) => body).sort();
  };
  try {
    const { grant } = await seal({ expiresIn: "7d" });
    const supabase = await behalf.asUser({ grant }, { actor });
    const note = (body: string) => supabase.from("notes").insert({ body });
    expect((await note("run 1")).error).toBeNull();

    await close(server);
    expect((await note("run 2")).error, "the token is still good").toBeNull();
    ahead = 2 * 3600_000;
    await supabase.from("notes").select();
    attempts.length = 0;
    expect((await note("run 3")).error?.code).toBe("ERR_BROKER_UNREACHABLE");
    expect(attempts).toHaveLength(5);
    expect(await bodies()).toEqual(["run 1", "run 2"]);

    server = await listen(port);
    expect((await note("run 4")).error).toBeNull();
    expect(await bodies()).toEqual(["run 1", "run 2", "run 4"]);
  } finally {
    await close(server);
  }
});
