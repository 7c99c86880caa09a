import { join } from "node:path";
import { openProject, type StartedProject, startProject } from "@behalf/cli";
import axe, { type AxeResults } from "axe-core";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ada, consolePageProject, grace } from "./console-page-project.ts";
import { launchChromium, screenshots } from "./support/chromium.ts";
import { createProject, type TestProject } from "./support/projects.ts";

let project: TestProject;
let started: StartedProject;
let browser: Browser;
let context: BrowserContext;
let page: Page;
let origin: string;

// What the browser asked for, was refused and got, over all tests.
const asked = new Set<string>();
const complaints: string[] = [];
const answers: Promise<string>[] = [];

beforeAll(async () => {
  project = await createProject(consolePageProject);
  started = await startProject(openProject(project.folder), { consolePort: 0 });
  origin = new URL(started.consoleUrl ?? "").origin;
  browser = await launchChromium();
  ({ context, page } = await enter());
  page.on("request", (request) => asked.add(new URL(request.url()).origin));
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
  });
  page.on("response", (response) => {
    // The stream of changes has no end; a page that is left takes its answers with it.
    if (!response.url().endsWith("/api/events")) answers.push(response.text().catch(() => ""));
  });
  await page.reload();
});
afterAll(async () => {
  await browser?.close();
  await started?.stop();
  await project?.remove();
});

/** Opens the console as a person does: by the URL that is printed. */
async function enter(options: { bypassCSP?: boolean } = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  context.setDefaultTimeout(60_000);
  const page = await context.newPage();
  await page.goto(started.consoleUrl ?? "");
  await page.waitForURL(`${origin}/`);
  await page.getByRole("heading", { name: "Runs" }).waitFor();
  return { context, page };
}

const row = (text: string) => page.locator("tbody tr", { hasText: text });
const go = (path: string) => page.goto(origin + path);
const status = (word: string) => page.locator(".run-header .status", { hasText: word }).waitFor();
const focused = () => page.evaluate<string | null>("document.activeElement.textContent");

async function endedRun(task: string, payload: unknown = {}): Promise<string> {
  const { id } = await started.runtime.trigger(task, payload);
  await started.runtime.waitForRun(id);
  return id;
}

describe("the console in a browser", () => {
  test("a run that was started elsewhere appears by itself, and its service role is unmistakable", async () => {
    await page.getByText("Nothing has run yet").waitFor();
    await page.evaluate("window.neverReloaded = true");
    await started.runtime.trigger("count-notes", {}, { tags: ["nightly"] });
    const counted = row("count-notes");
    await counted.getByText("Completed").waitFor();
    await counted.locator(".service-role", { hasText: "service role" }).waitFor();
    expect(await counted.textContent()).toContain("nightly statistics over all users");
    expect(await counted.getAttribute("class")).toBe("by-service");
    expect(await page.evaluate("window.neverReloaded")).toBe(true);
  });

  test("the form refuses what is no JSON and what the schema refuses", async () => {
    await page.getByRole("link", { name: "tasks" }).click();
    await page.getByRole("link", { name: "summarise-notes" }).click();
    const payload = page.getByLabel("Payload", { exact: true });
    await payload.fill('{\n  "length": 80,\n}');
    await page.getByText(/^Line 3, column 1: /).waitFor();
    expect(await payload.getAttribute("aria-invalid")).toBe("true");
    await payload.press("Control+Enter");
    await payload.fill('{ "length": "long" }');
    await page.locator(".verdict li", { hasText: /^length .*integer/ }).waitFor();
    expect(await page.getByRole("button", { name: "Run task" }).getAttribute("aria-disabled")).toBe("true");
    await payload.press("Control+Enter");
    await payload.fill("{}");
    await page.locator(".verdict li", { hasText: 'required property "length"' }).waitFor();
    await payload.fill('{ "length": 80 }');
    await page.getByText("Matches the task's schema").waitFor();
    expect(page.url()).toBe(`${origin}/tasks/summarise-notes`);
    const { runs } = (await (await context.request.get(`${origin}/api/runs`)).json()) as { runs: unknown[] };
    expect(runs).toHaveLength(1);
  });

  test("a run as a user is that user's, down to the audit trail, and shows data as text", async () => {
    await page.getByLabel("Search users").fill("ada@");
    await page.getByText(grace).waitFor({ state: "detached" });
    await page.getByLabel("ada@example.com").check();
    await page.getByRole("button", { name: "Run task" }).click();
    await page.waitForURL(/\/runs\/run_/);
    await status("Completed");
    const main = page.locator("main");
    await page.locator(".fact-identity", { hasText: "ada@example.com" }).waitFor();
    expect(await main.locator(".service-role").count()).toBe(0);
    expect(await page.getByRole("figure", { name: "Output" }).textContent()).toContain(ada);
    expect(await page.getByRole("figure", { name: "Metadata" }).textContent()).toContain('"percent": 80');
    for (const verb of ["select", "insert", "update"]) {
      const request = page.locator(".event.request", { hasText: verb });
      expect(await request.textContent()).toMatch(/notes20\d.*ada@example\.com/);
    }
    await page.locator(".event.span", { hasText: "rank by length" }).waitFor();
    const entries = page.locator(".audit li");
    expect(await entries.count()).toBe(2);
    expect(await entries.nth(1).textContent()).toMatch(
      /^updatenotesid \d+ada@example\.com.*bodyAda: .* became Summary: Ada: /,
    );
    await page.locator(".event.log summary", { hasText: "read the notes" }).click();
    expect(await main.textContent()).toContain("<img src=x onerror=alert(1)>");
    expect(await main.locator("img").count()).toBe(0);
    await page.getByRole("button", { name: "Requests" }).click();
    expect(await page.locator(".event.request").count()).toBe(0);
    expect(await page.locator(".event.log").count()).toBe(1);
  });

  test("a grant is narrowed to what the form says, and the next one begins with that", async () => {
    const form = page.getByRole("form", { name: "Run plan-day" });
    const scope = form.getByLabel("Scope");
    const run = () => form.getByRole("button", { name: "Run task" }).click();
    await go("/tasks/plan-day");
    await form.getByLabel("ada@example.com").check();
    await form.getByText(/out of its reach: public\.plans$/).waitFor();
    await run();
    await page.waitForURL(/\/runs\/run_/);
    await status("Failed");
    expect(await page.locator(".error-head").textContent()).toContain("behalf_narrow_insert");
    await go("/tasks/plan-day");
    await form.getByLabel("ada@example.com").check();
    await scope.fill("public.plans:insert");
    await run();
    await page.waitForURL(/\/runs\/run_/);
    await status("Completed");
    await go("/tasks/plan-day");
    await form.getByLabel("ada@example.com").check();
    expect(await scope.inputValue()).toBe("public.plans:insert");
  });

  test("a failed run shows the line that threw, and can be replayed", async () => {
    const id = await endedRun("send-invoice", { customer: { name: "Ada" } });
    await go(`/runs/${id}`);
    await status("Failed");
    expect(await page.locator(".error-head").textContent()).toMatch(/TypeErrorCannot read properties/);
    expect(await page.locator(".code-frame figcaption").textContent()).toMatch(
      /^trigger\/send-invoice\.ts:15:/,
    );
    expect(await page.locator(".code-frame mark").textContent()).toContain(
      "const lines = [customer.name, address.street",
    );
    await page.locator(".event.retrying").waitFor();
    await page.getByRole("button", { name: "Replay" }).click();
    await page.waitForURL((url) => /\/runs\/run_/.test(url.pathname) && !url.pathname.endsWith(id));
    await status("Failed");
  });

  test("a run that waits for its next attempt has it at once when asked to", async () => {
    const { id } = await started.runtime.trigger("fetch-rates", {});
    await go(`/runs/${id}`);
    await page.locator(".event.retrying").waitFor();
    await page.getByRole("button", { name: "Retry" }).click();
    await status("Completed");
    expect(page.url()).toBe(`${origin}/runs/${id}`);
  });

  test("a waiting run can be canceled; a parent leads to its children and back", async () => {
    const { id } = await started.runtime.trigger("await-approval", {});
    await go(`/runs/${id}`);
    await status("Waiting");
    const cancel = page.getByRole("button", { name: "Cancel" });
    await cancel.click();
    await status("Canceled");
    await cancel.waitFor({ state: "detached" });
    await page
      .getByRole("status")
      .filter({ hasText: "await-approval: Canceled" })
      .waitFor({ state: "attached" });
    await go(`/runs/${await endedRun("import-notes", { count: 2 })}`);
    await status("Completed");
    expect(await row("count-notes").count()).toBe(2);
    await row("count-notes").first().getByRole("link").click();
    await page.locator("dd").getByRole("link", { name: "import-notes" }).click();
    await page.getByRole("heading", { name: "import-notes" }).waitFor();
  });

  test("runs are found by status, task and tag", async () => {
    await go("/runs");
    await page.getByRole("link", { name: "Failed" }).click();
    await expect
      .poll(() => page.locator("tbody tr .status").allTextContents())
      .toEqual(["Failed", "Failed", "Failed"]);
    await page.getByRole("link", { name: "All" }).click();
    await page.getByLabel("Task").selectOption("count-notes");
    await row("send-invoice").first().waitFor({ state: "detached" });
    await expect.poll(() => row("count-notes").count()).toBe(3);
    await page.keyboard.press("Escape");
    await page.keyboard.press("/");
    await page.keyboard.type("nightly");
    await expect.poll(() => row("count-notes").count()).toBe(1);
    expect(new URL(page.url()).search).toBe("?task=count-notes&tag=nightly");
  });

  test("the keyboard reaches every page and entry", async () => {
    await page.keyboard.type("gt");
    await expect.poll(() => new URL(page.url()).search).toContain("tag=nightlygt");
    await page.keyboard.press("Escape");
    const places = { t: "Tasks", s: "Schedules", q: "Queues", u: "Users", r: "Runs" };
    for (const [key, name] of Object.entries(places)) {
      await page.keyboard.press("g");
      await page.keyboard.press(key);
      await page.getByRole("heading", { name, level: 1 }).waitFor();
      await expect.poll(focused).toBe(name);
    }
    await page.keyboard.press("g");
    await page.keyboard.press("t");
    await row("count-notes").waitFor();
    for (const key of ["j", "j", "j", "k"]) await page.keyboard.press(key);
    expect(await focused()).toBe("count-notes");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "count-notes" }).waitFor();
    await page.keyboard.press("?");
    await page.getByRole("dialog", { name: "Keyboard shortcuts" }).waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "hidden" });
  });

  test("a queue is paused and goes on", async () => {
    await go("/queues");
    await page.getByRole("button", { name: "Pause approvals" }).click();
    await row("approvals").getByText("Paused").waitFor();
    await page.getByRole("button", { name: "Resume approvals" }).click();
    await page.getByRole("button", { name: "Pause approvals" }).waitFor();
  });

  test("a stream of changes that breaks off is opened again, and nothing is missed", async () => {
    const other = await context.newPage();
    await other.route("**/api/events", (route) =>
      route.fulfill({ contentType: "text/event-stream", body: "retry: 100\nevent: ping\ndata:\n\n" }),
    );
    await other.goto(`${origin}/runs?tag=meanwhile`);
    await other.getByText("Reconnecting").waitFor();
    await other.getByText("No run matches").waitFor();
    await started.runtime.trigger("count-notes", {}, { tags: ["meanwhile"] });
    await other.unroute("**/api/events");
    await other.locator("tbody tr", { hasText: "count-notes" }).getByText("Completed").waitFor();
    await other.getByText("Live", { exact: true }).waitFor();
    await other.close();
  });

  test("a file that can't be read is told about, by itself", async () => {
    await go("/tasks");
    await row("send-invoice").waitFor();
    await project.write({ "trigger/broken.ts": "export const broken = {;\n" });
    await started.runtime.reload();
    await page.getByRole("alert").getByText("trigger/broken.ts:1").waitFor();
    await project.write({ "trigger/broken.ts": "export const fine = {};\n" });
    await started.runtime.reload();
    await page.getByRole("alert").waitFor({ state: "detached" });
  });
});

describe("for everyone", () => {
  /** What is serious on the page as it stands, by rule and place. In the dark only colours are other ones. */
  async function seriousFaults(page: Page, colorScheme: "light" | "dark"): Promise<string[]> {
    await page.emulateMedia({ colorScheme });
    const options = {
      resultTypes: ["violations"],
      ...(colorScheme === "dark" ? { runOnly: ["color-contrast"] } : {}),
    };
    const { violations } = await page.evaluate<AxeResults>(`axe.run(document, ${JSON.stringify(options)})`);
    return violations
      .filter(({ impact }) => impact === "serious" || impact === "critical")
      .flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id}: ${target.join(" ")}`));
  }

  test("no page has a serious fault, in light or dark, and none is wider than a small telephone", async () => {
    // axe is the only script from outside that a page of these ever sees.
    const { context, page } = await enter({ bypassCSP: true });
    const { runs } = (await (await context.request.get(`${origin}/api/runs`)).json()) as {
      runs: { id: string; task: string; status: string }[];
    };
    const runOf = (task: string) => `/runs/${runs.find((run) => run.task === task)?.id}`;
    const pages = {
      runs: "/runs",
      "run-as-user": runOf("summarise-notes"),
      "run-as-service": runOf("count-notes"),
      "run-failed": runOf("send-invoice"),
      tasks: "/tasks",
      task: "/tasks/summarise-notes",
      schedules: "/schedules",
      queues: "/queues",
      users: "/users",
      nothing: "/no/such/page",
    };
    for (const [name, path] of Object.entries(pages)) {
      await page.setViewportSize({ width: 1280, height: 800 });
      await page.emulateMedia({ colorScheme: "light" });
      await page.goto(origin + path);
      await page.locator("tbody tr, .run, .run-form, main > p").first().waitFor();
      await page.locator(".bottom").waitFor();
      if (name === "task") await page.getByLabel("ada@example.com").check();
      expect(await page.textContent("#page"), name).not.toMatch(
        /NaN|(?<!of )undefined|Invalid Date|\[object/,
      );
      for (const colorScheme of ["light", "dark"] as const) {
        await page.emulateMedia({ colorScheme });
        await page.screenshot({
          path: join(screenshots, `console-${name}-${colorScheme}.png`),
          fullPage: true,
        });
      }
      await page.evaluate('for (const one of document.querySelectorAll("details")) one.open = true');
      await page.evaluate(axe.source);
      for (const colorScheme of ["dark", "light"] as const) {
        expect(await seriousFaults(page, colorScheme), `${name}, ${colorScheme}`).toEqual([]);
      }
      await page.setViewportSize({ width: 360, height: 740 });
      expect(await page.evaluate("document.documentElement.scrollWidth"), name).toBe(360);
      await page.screenshot({ path: join(screenshots, `console-${name}-360.png`), fullPage: true });
    }
    await context.close();
  });

  test("older runs are a page away", async () => {
    await Promise.all(
      Array.from({ length: 51 }, () => started.runtime.trigger("await-approval", {}, { delay: "1h" })),
    );
    await go("/runs");
    await expect.poll(() => row("await-approval").count()).toBe(50);
    await page.getByRole("link", { name: "Older runs" }).click();
    await row("send-invoice").first().waitFor();
    await page.getByRole("link", { name: "Newest runs" }).click();
    await row("send-invoice").first().waitFor({ state: "detached" });
  });

  test("nothing is asked of others, nothing breaks the policy, no secret is shown", async () => {
    expect([...asked]).toEqual([origin]);
    expect(complaints).toEqual([]);
    const { stack, runtime } = started;
    const secrets = [
      stack.keys.secretKey,
      stack.keys.serviceRoleKey,
      stack.keys.jwtSecret,
      runtime.secretKey,
    ];
    const seen = [...(await Promise.all(answers)), await page.content()].join("\n");
    expect(seen).toContain("summarise-notes");
    for (const secret of secrets) expect(seen.includes(secret)).toBe(false);
    // No token either: neither a user's nor a grant.
    expect(seen).not.toMatch(/eyJ[\w-]+\.[\w-]+\./);
  });

  test("a page of an earlier start says what to do", async () => {
    await context.clearCookies();
    await page.getByRole("link", { name: "users" }).click();
    await page.getByRole("alert").getByText("Open the URL that `behalf dev` prints").waitFor();
  });
});
