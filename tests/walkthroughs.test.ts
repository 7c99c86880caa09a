import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  cliErrorTable,
  deployFaults,
  doctorFaults,
  openProject,
  type StartedProject,
  startProject,
} from "@behalf/cli";
import { errorTable } from "behalf";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { behalfCommand } from "./support/behalf.ts";
import { createProject, type TestProject } from "./support/projects.ts";
import { findSnippets } from "./support/snippets.ts";
import { workspace } from "./support/workspace.ts";

const folder = "docs/walkthroughs";
const pages = readdirSync(join(workspace, folder)).map((name) => join(folder, name));
const journeys = pages.filter((page) => !page.endsWith("hosted.md"));
const textOf = (page: string) => readFileSync(join(workspace, page), "utf8");

test("there is a walkthrough for each journey", () => {
  expect(journeys.map((page) => page.slice(folder.length + 1, -".md".length))).toEqual(
    expect.arrayContaining([
      "database-operations",
      "database-webhook",
      "edge-function",
      "storage-upload",
      "web-app",
    ]),
  );
});

describe("what is shown of an example's files is in them, word for word", () => {
  const shown = findSnippets("typescript").map((snippet) => {
    const opening = textOf(snippet.file).split("\n")[snippet.line - 1] ?? "";
    const [, name = ""] = /\[(.+)\]/.exec(opening) ?? [];
    const example = snippet.file.replace(/^.*\/|\.md$/g, "");
    return { ...snippet, example: join("examples", example, name) };
  });
  test.each(shown)("$file:$line is of $example", ({ example, code }) => {
    expect(readFileSync(join(workspace, example), "utf8")).toContain(code);
  });
});

describe("the Edge Function's walkthrough, followed from an empty folder", () => {
  let project: TestProject;
  let started: StartedProject;
  beforeAll(async () => {
    project = await createProject({});
    const { code } = await behalfCommand(["init", "--dir", project.folder]);
    expect(code).toBe(0);
    const files = [
      "supabase/migrations/20261101000000_reports.sql",
      "supabase/functions/start-report/index.ts",
      "trigger/write-report.ts",
    ];
    const example = (file: string) => textOf(join("examples/edge-function", file));
    await project.write(Object.fromEntries(files.map((file) => [file, example(file)])));
    started = await startProject(openProject(project.folder));
  });
  afterAll(async () => {
    await started?.stop();
    await project?.remove();
  });

  test("a user who signs up starts the task, and finds a report of their own", async () => {
    const { supabaseUrl, publishableKey } = started.endpoints;
    const ask = async (path: string, token: string, body?: object) => {
      const response = await fetch(`${supabaseUrl}${path}`, {
        headers: {
          apikey: publishableKey,
          authorization: `Bearer ${token}`,
          "content-type": "application/json",
        },
        ...(body ? { method: "POST", body: JSON.stringify(body) } : {}),
      });
      return (await response.json()) as Record<string, unknown>;
    };
    const { access_token: token, user } = (await ask("/auth/v1/signup", publishableKey, {
      email: "new@example.com",
      password: "correct horse battery",
    })) as { access_token: string; user: { id: string } };
    const { run } = await ask("/functions/v1/start-report", token, { title: "Third quarter" });
    expect(await started.runtime.waitForRun(String(run))).toMatchObject({ status: "COMPLETED" });
    expect(await ask("/rest/v1/reports?select=title,user_id", token)).toEqual([
      { title: "Third quarter", user_id: user.id },
    ]);
  });
});

test.each([...journeys, "docs/deploying.md"])("%s names codes that exist", (page) => {
  const environment = Object.keys(errorTable).map((code) => code.replace("ERR_", "DOCTOR_"));
  const known = new Set([
    ...Object.keys({ ...errorTable, ...cliErrorTable, ...doctorFaults, ...deployFaults }),
    ...environment,
  ]);
  const named = textOf(page).match(/\b(?:ERR|DOCTOR|DEPLOY)_[A-Z0-9_]+\b/g) ?? [];
  expect(named.length).toBeGreaterThan(3);
  expect(named.filter((code) => !known.has(code))).toEqual([]);
});

test.each(journeys)("%s leads from an empty folder to production", (page) => {
  const headings = [...textOf(page).matchAll(/^## (.+)$/gm)].map(([, heading]) => heading);
  expect(headings).toEqual([
    "On this machine",
    "Side by side",
    "Does it work?",
    "To production",
    "What can go wrong",
  ]);
  const text = textOf(page);
  expect(text).toContain("npx @behalf/cli init");
  const order = ["behalf deploy --check", "supabase db push", "trigger.dev@latest deploy"];
  const places = order.map((command) => text.indexOf(command));
  expect(places).toEqual([...places].sort((a, b) => a - b));
  expect(places).not.toContain(-1);
});

test("every example has its walkthrough, and the docs lead to each", () => {
  const config = textOf("docs/.vitepress/config.ts");
  for (const page of pages) expect(config).toContain(page.replace(/^docs|\.md$/g, ""));
  for (const page of journeys) {
    const example = join("examples", page.slice(folder.length + 1, -".md".length));
    expect([example, existsSync(join(workspace, example))]).toEqual([example, true]);
  }
});
