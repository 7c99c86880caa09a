import { renameSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { createBehalf } from "behalf";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ada, startTestStack, type TestStack } from "../test-support.js";

const files = {
  "supabase/config.toml": `[functions.open]
verify_jwt = false`,
  "supabase/functions/_shared/greeting.ts": `export const greeting = "hello";`,
  "supabase/functions/whoami/index.ts": `import { greeting } from "../_shared/greeting.ts";
Deno.serve(async (request) => {
  const bearer = request.headers.get("authorization")?.split(".")[1] ?? "";
  const { sub, role } = JSON.parse(atob(bearer.replaceAll("-", "+").replaceAll("_", "/")));
  console.log("asked by", sub);
  return Response.json({ greeting, sub, role, path: new URL(request.url).pathname, body: await request.text(), secret: Deno.env.get("MY_SECRET") });
});`,
  "supabase/functions/open/index.ts": `Deno.serve(async () => {
  const answer = await fetch(Deno.env.get("SUPABASE_URL") + "/auth/v1/health", { headers: { apikey: Deno.env.get("SUPABASE_ANON_KEY") ?? "" } });
  let spawned = "allowed";
  try { new Deno.Command("true").outputSync(); } catch (error) { spawned = error.name; }
  return Response.json({ health: answer.status, spawned });
});`,
  "supabase/functions/page/index.ts": `Deno.serve((request) => {
  const headers = { "access-control-allow-origin": "https://app.example" };
  if (request.method === "OPTIONS") return new Response("preflight", { headers });
  if (request.url.endsWith("/exit")) Deno.exit(3);
  EdgeRuntime.waitUntil(new Promise((done) => setTimeout(done, 50)).then(() => console.log("went on")));
  EdgeRuntime.waitUntil(Promise.reject(new Error("failed aside")));
  return new Response("answered", { headers });
});`,
  "supabase/functions/broken/index.ts": "this is not TypeScript(",
  "supabase/functions/.env": "MY_SECRET=of-the-function",
};

let stack: TestStack;
const lines = () => stack.steps.flatMap(({ name, message }) => (name === "function" ? [message] : []));
beforeAll(async () => {
  stack = await startTestStack(files);
});
afterAll(() => stack?.end());

describe("/functions/v1", () => {
  test("a user client's call carries the user; Supabase's path, environment and logs", async () => {
    const { url, keys } = stack;
    const behalf = createBehalf({ ...keys, url, signingKeys: [], environment: {} });
    const { data, error } = await (await behalf.asUser(ada)).functions.invoke("whoami", {
      body: "body of the call",
    });
    expect(error).toBeNull();
    expect(data).toEqual({
      greeting: "hello",
      sub: ada,
      role: "authenticated",
      path: "/whoami",
      body: "body of the call",
      secret: "of-the-function",
    });
    await expect.poll(lines).toContain(`[whoami] asked by ${ada}`);
  });

  test("verify_jwt: nothing unsigned reaches a function, unless config.toml says so", async () => {
    const call = (name: string, headers: Record<string, string> = {}) =>
      fetch(`${stack.url}/functions/v1/${name}`, { method: "POST", headers });
    expect((await call("whoami")).status).toBe(401);
    expect((await call("whoami", { authorization: "Bearer forged.by.me" })).status).toBe(401);
    expect((await call("whoami", { authorization: `Bearer ${stack.keys.anonKey}` })).status).toBe(200);
    expect(await (await call("open")).json()).toEqual({ health: 200, spawned: "NotCapable" });
    expect((await call("nowhere", { authorization: `Bearer ${stack.keys.anonKey}` })).status).toBe(404);
  });

  test("a function answers preflights itself, works on after its answer, and is started again when it has ended", async () => {
    const call = (path: string, init: RequestInit = {}) =>
      fetch(`${stack.url}/functions/v1/${path}`, {
        headers: { authorization: `Bearer ${stack.keys.anonKey}` },
        ...init,
      });
    const facts = async (response: Response) => [
      response.status,
      response.headers.get("access-control-allow-origin"),
      await response.text(),
    ];
    const headers = { origin: "https://app.example", "access-control-request-method": "POST" };
    const preflight = await call("page", { method: "OPTIONS", headers });
    expect(await facts(preflight)).toEqual([200, "https://app.example", "preflight"]);
    expect(await facts(await call("page"))).toEqual([200, "https://app.example", "answered"]);
    expect((await facts(await call("open"))).slice(0, 2)).toEqual([200, null]);
    expect((await call("whoami", { headers: {} })).headers.get("access-control-allow-origin")).toBe("*");
    await expect.poll(lines).toContain("[page] went on");
    expect(lines().join("\n")).toContain("[page] Error: failed aside");
    expect((await call("page/exit")).status).toBe(500);
    expect(await facts(await call("page"))).toEqual([200, "https://app.example", "answered"]);
    const warnings = stack.steps.flatMap(({ name, message }) => (name === "warning" ? [message] : []));
    expect(warnings).toContainEqual(
      expect.stringMatching(/^function page ended .*The next request starts it again/),
    );
    expect((await call("")).status).toBe(404);
  });

  test("a function that doesn't start says so, and a changed one is served as it is now", async () => {
    const headers = { authorization: `Bearer ${stack.keys.anonKey}` };
    const call = () => fetch(`${stack.url}/functions/v1/broken`, { headers });
    const broken = await call();
    expect(broken.status).toBe(503);
    expect(await broken.json()).toMatchObject({ code: "BOOT_ERROR" });
    expect(lines().join("\n")).toMatch(/\[broken\].*(error|Expected)/i);
    stack.folder.write({ "supabase/functions/broken/index.ts": `Deno.serve(() => new Response("mended"));` });
    const mended = await call();
    expect([mended.status, await mended.text()]).toEqual([200, "mended"]);
    stack.folder.write({
      "supabase/functions/broken/older.ts": `Deno.serve(() => new Response("older"));`,
      "supabase/functions/_shared/newest.ts": "",
    });
    const folder = join(stack.folder.path, "supabase/functions/broken");
    utimesSync(join(folder, "older.ts"), 1, 1);
    expect(await (await call()).text()).toBe("mended");
    renameSync(join(folder, "older.ts"), join(folder, "index.ts"));
    expect(await (await call()).text()).toBe("older");
  });
});
