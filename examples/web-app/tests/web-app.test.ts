import { join } from "node:path";
import { runs, tasks } from "@trigger.dev/sdk";
import axe from "axe-core";
import { Client } from "pg";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { launchChromium, screenshots } from "../../../tests/support/chromium.ts";
import type { WatchableRun } from "../src/server/reports.ts";
import { startApp, type TestApp } from "./app.ts";

const ada = "11111111-1111-4111-8111-111111111111";
const grace = "22222222-2222-4222-8222-222222222222";

let app: TestApp;
let browser: Browser;
let database: Client;
beforeAll(async () => {
  [app, browser] = await Promise.all([startApp(), launchChromium()]);
  database = new Client(app.suite.databaseUrl);
  await database.connect();
});
afterAll(async () => {
  await browser?.close();
  await database?.end();
  await app?.stop();
});

async function countRuns(): Promise<number> {
  let count = 0;
  for await (const _run of runs.list({ taskIdentifier: "write-report" })) count += 1;
  return count;
}

/** A grant as the server makes it, or as somebody with other wishes would. */
async function sealGrant(accessToken: string, task: string, payload: object): Promise<string> {
  const scope = ["public.expenses:select", "public.reports:select", "public.reports:insert"];
  return (await app.suite.behalf.grant({ accessToken, task, payload, scope, expiresIn: "1h" })).grant;
}

describe("over HTTP, nobody starts a report as another", () => {
  let tokens: { ada: string; grace: string };
  beforeAll(async () => {
    tokens = { ada: await app.signIn("ada"), grace: await app.signIn("grace") };
  });

  test("by anything that the request says", async () => {
    const month = "2026-10";
    const stolen = await sealGrant(tokens.grace, "write-report", { month });
    const [header, , signature] = tokens.ada.split(".");
    const claims = Buffer.from(JSON.stringify({ sub: grace, role: "authenticated" })).toString("base64url");
    const attempts: [what: string, token: string | undefined, body: unknown, status: number][] = [
      ["no token", undefined, { month }, 401],
      ["a body that names grace", tokens.ada, { month, userId: grace }, 400],
      ["a body with grace's grant", tokens.ada, { month, grant: stolen }, 400],
      ["grace's grant as the token", stolen, { month }, 403],
      ["ada's token, edited to be grace's", `${header}.${claims}.${signature}`, { month }, 403],
      ["the anon key, which is signed too", app.suite.keys.anonKey, { month }, 403],
      ["the service role's key", app.suite.keys.serviceRoleKey, { month }, 403],
      ["what is no token", "ada", { month }, 403],
      ["no month", tokens.ada, { month: "2026-10' or true" }, 400],
      ["no object", tokens.ada, [month], 400],
    ];
    const before = await countRuns();
    for (const [what, token, body, status] of attempts) {
      const response = await app.ask("POST", "/api/reports", token, body);
      const answer = await response.text();
      expect([what, response.status]).toEqual([what, status]);
      expect(JSON.parse(answer)).toEqual({ code: expect.any(String), message: expect.any(String) });
    }
    expect(await countRuns()).toBe(before);
  });

  test("by what reaches the worker past the server", async () => {
    const month = "2026-10";
    const refusals: [what: string, payload: Record<string, unknown>, code: string][] = [
      ["no grant", { month, userId: grace }, "ERR_GRANT_REQUIRED"],
      [
        "a grant for another month",
        { month, grant: await sealGrant(tokens.grace, "write-report", { month: "2026-09" }) },
        "ERR_GRANT_PAYLOAD",
      ],
      [
        "a grant for another task",
        { month, grant: await sealGrant(tokens.grace, "read-mail", { month }) },
        "ERR_GRANT_TASK",
      ],
      ["an access token", { month, grant: tokens.grace }, "ERR_GRANT_HEADER"],
    ];
    await Promise.all(
      refusals.map(async ([what, payload, code]) => {
        const { id } = await tasks.trigger("write-report", payload);
        const run = await runs.poll(id, { pollIntervalMs: 100 });
        expect([what, run.status, run.error?.message]).toEqual([
          what,
          "FAILED",
          expect.stringContaining(code),
        ]);
      }),
    );
    await app.suite.expectRows("reports", [], { as: ada });
    await app.suite.expectRows("reports", [], { as: grace });
  });

  test("and a run is watched by its owner alone, with a token for nothing else", async () => {
    const start = async (token: string) =>
      (await (await app.ask("POST", "/api/reports", token, { month: "2026-10" })).json()) as WatchableRun;
    const [hers, own] = await Promise.all([start(tokens.ada), start(tokens.grace)]);
    const read = (run: string, token: string) =>
      fetch(`${app.trigger.apiUrl}/api/v3/runs/${run}`, { headers: { authorization: `Bearer ${token}` } });
    expect((await read(own.id, own.accessToken)).status).toBe(200);
    expect((await read(hers.id, own.accessToken)).status).toBe(403);
    const found = (await (await app.ask("GET", "/api/runs", tokens.grace)).json()) as WatchableRun[];
    expect(found.map(({ id }) => id)).not.toContain(hers.id);
    expect((await app.ask("GET", "/api/runs", app.suite.keys.anonKey)).status).toBe(403);

    const ended = await Promise.all([hers, own].map(({ id }) => runs.poll(id, { pollIntervalMs: 100 })));
    expect(ended.map(({ status }) => status)).toEqual(["COMPLETED", "COMPLETED"]);
    await app.suite.expectRows("reports", [{ user_id: ada, total: 243.6, run_id: hers.id }], { as: ada });
    await app.suite.expectRows("reports", [{ user_id: grace, total: 322.3, run_id: own.id }], { as: grace });
  });

  test("nor reads another's report or trail, however they ask the API", async () => {
    const read = async (path: string, token: string) => {
      const response = await fetch(`${app.suite.supabaseUrl}/rest/v1/${path}`, {
        headers: {
          apikey: app.suite.keys.publishableKey,
          authorization: `Bearer ${token}`,
          "accept-profile": path.startsWith("audit") ? "behalf" : "public",
        },
      });
      return ((await response.json()) as unknown[]).length;
    };
    for (const path of [
      `reports?user_id=eq.${ada}`,
      `audit_log?user_id=eq.${ada}`,
      `audit_entries?owner=eq.${ada}`,
    ]) {
      expect(await read(path, tokens.ada)).toBeGreaterThan(0);
      expect([path, await read(path, tokens.grace)]).toEqual([path, 0]);
    }
  });

  test("nor writes a report by hand, or more than the grant's scope says", async () => {
    const client = await app.suite.asUser(ada);
    const { error } = await client
      .from("reports")
      .insert({ month: "2026-10", total: 0, lines: [], run_id: "run_x" });
    expect(error?.code).toBe("42501");
    const actor = { sub: "write-report", run: "run_x", attempt: 1 };
    const grant = await sealGrant(tokens.ada, "write-report", { month: "2026-10" });
    const task = await app.suite.behalf.asUser({ grant, payload: { month: "2026-10" } }, { actor });
    const adas = task as typeof client;
    expect((await adas.from("expenses").select("id")).data).toHaveLength(5);
    expect((await adas.from("expenses").delete().gt("id", 0).select("id")).data).toEqual([]);
    const reading = { as: ada, scope: "public.expenses:select" };
    const run = await app.suite.runTask("write-report", { month: "2026-10" }, reading);
    expect(run).toMatchObject({ ok: false, error: { message: expect.stringContaining("reports") } });
  });
});

test("no answer of the server holds a secret, and a page may talk to its own services alone", async () => {
  const page = await app.ask("GET", "/", undefined);
  const policy = page.headers.get("content-security-policy");
  expect(policy).toContain("default-src 'none'; script-src 'self'");
  expect(policy).toContain(`connect-src 'self' ${app.suite.supabaseUrl} ${app.trigger.apiUrl};`);
  const token = await app.signIn("ada");
  const answers = await Promise.all([
    ...["/app.js", "/app.css", "/api/config", "/api/runs", "/api/nothing", "/server.js", "/../server.js"].map(
      (path) => app.ask("GET", path, token),
    ),
    app.ask("POST", "/api/reports", token, { month: "2026-11" }),
    app.ask("POST", "/api/reports", "nobody", { month: "2026-11" }),
  ]);
  const texts = [await page.text(), ...(await Promise.all(answers.map((answer) => answer.text())))];
  expect(texts[1]?.length).toBeGreaterThan(100_000);
  for (const secret of app.secrets) {
    expect(secret.length).toBeGreaterThan(20);
    // Not by toContain, whose message would show the page and the secret.
    expect(texts.some((text) => text.includes(secret))).toBe(false);
  }
});

describe("in a browser", () => {
  const problems: string[] = [];

  async function openPage(options: BrowserContextOptions = {}): Promise<Page> {
    const context = await browser.newContext({ baseURL: app.url, ...options });
    context.setDefaultTimeout(60_000);
    const page = await context.newPage();
    page.on("pageerror", (error) => problems.push(error.message));
    page.on("console", (message) => {
      // What a refused request leaves in the console is what the test asks for.
      if (message.type() === "error" && !/status of 4\d\d/.test(message.text()))
        problems.push(message.text());
    });
    return page;
  }

  async function signIn(page: Page, name: "ada" | "grace"): Promise<void> {
    await page.goto("/");
    await page.getByLabel("Email").fill(`${name}@example.com`);
    await page.getByLabel("Password").fill("example password");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByText(`Signed in as ${name}@example.com`).waitFor();
  }

  /** What axe finds seriously wrong, and whether the page is wider than the window. */
  async function check(page: Page, picture: string): Promise<void> {
    await page.screenshot({ path: join(screenshots, `web-app-${picture}.png`), fullPage: true });
    const found: unknown = await page.evaluate(`${axe.source};
      axe.run({ resultTypes: ["violations"] }).then(({ violations }) => violations
        .filter(({ impact }) => impact === "serious" || impact === "critical")
        .map(({ id, nodes }) => id + ": " + nodes.map(({ html }) => html).join(", ")))`);
    expect(found).toEqual([]);
    expect(await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")).toBe(true);
  }

  test("ada sees her own, starts a report, watches it and finds it in her audit trail", async () => {
    const page = await openPage({ viewport: { width: 1280, height: 800 } });
    await page.goto("/");
    await page.getByLabel("Email").waitFor();
    await check(page, "sign-in");
    await signIn(page, "ada");
    const expenses = page.getByRole("region", { name: "Your expenses" });
    await expenses.getByText("Punch cards").waitFor();
    await expenses.getByLabel("Day").fill("2026-09-30");
    await expenses.getByLabel("Category").fill("Tea");
    await expenses.getByLabel("Amount in €").fill("7.50");
    await expenses.getByRole("button", { name: "Add" }).click();
    await expenses.getByText("€7.50").waitFor();

    // The report can't be written while this lock is held, so there is time to see its progress.
    await database.query("begin; lock table public.reports in share mode");
    const reports = page.getByRole("region", { name: "Your reports" });
    const bar = reports.getByRole("progressbar");
    try {
      await reports.getByLabel("Month").fill("2026-09");
      await reports.getByRole("button", { name: "Start report" }).click();
      await reports.getByText("Writing the report").waitFor();
      expect(await bar.getAttribute("value")).toBe("90");
      await check(page, "progress");
      // A page that is loaded again goes on watching.
      await page.reload();
      await reports.getByText("Writing the report").waitFor();
    } finally {
      await database.query("commit");
    }
    await bar.waitFor({ state: "detached" });
    await reports.getByRole("article", { name: "Report for September 2026" }).waitFor();

    const trail = page.getByRole("region", { name: "Your audit trail" });
    await trail.getByText("You added the expense Tea, €7.50").waitFor();
    await trail.getByText("Task write-report added the report for September 2026, €7.50").waitFor();
    await check(page, "ada");
    await page.context().close();
  });

  test("grace sees nothing of ada's, and a request edited to name ada is refused", async () => {
    const page = await openPage({ viewport: { width: 360, height: 780 }, colorScheme: "dark" });
    await signIn(page, "grace");
    await page.getByText("Moth nets").first().waitFor();
    const reports = page.getByRole("region", { name: "Your reports" });
    await reports.getByText("€322.30").first().waitFor();
    await page.getByText("Task write-report added the report for October 2026, €322.30").waitFor();
    const text = await page.locator("body").textContent();
    for (const adas of ["Tea", "Punch cards", "September", "€7.50"]) expect(text).not.toContain(adas);
    await check(page, "grace-narrow-dark");

    const before = await countRuns();
    await page.route("**/api/reports", (route) =>
      route.continue({ postData: JSON.stringify({ month: "2026-10", userId: ada }) }),
    );
    await reports.getByRole("button", { name: "Start report" }).click();
    await reports.getByRole("alert").getByText('The body may say the month, and not "userId".').waitFor();
    expect(await countRuns()).toBe(before);
    await page.context().close();
  });

  test("signing out leaves nothing of the user in the page", async () => {
    const page = await openPage();
    await signIn(page, "ada");
    await page.getByText("Punch cards").first().waitFor();
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("button", { name: "Sign in" }).waitFor();
    expect(await page.locator("body").textContent()).not.toContain("Punch cards");
    expect(await page.evaluate("JSON.stringify({ ...localStorage })")).toBe("{}");
    await page.reload();
    await page.getByRole("button", { name: "Sign in" }).waitFor();
    await page.context().close();
  });

  test("nothing went wrong that nobody looked for", () => {
    expect(problems).toEqual([]);
  });
});
