import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { cliErrorTable } from "@behalf/cli";
import { errorTable } from "behalf";
import { expect, test } from "vitest";
// @ts-expect-error plain JavaScript, run by node without a build
import { renderErrorsPage } from "../scripts/errors-page.mjs";
import { workspace } from "./support/workspace.ts";

test("docs/errors.md is what the tables say (npm run docs:errors writes it)", async () => {
  const rendered = await (renderErrorsPage as () => Promise<string>)();
  expect(readFileSync(join(workspace, "docs/errors.md"), "utf8")).toBe(rendered);
});

test("every code in the source has a row, and every row is thrown somewhere", () => {
  const source = ["packages/behalf/src", "packages/cli/src"]
    .flatMap((folder) => {
      const names = readdirSync(join(workspace, folder), { recursive: true, encoding: "utf8" });
      return names
        .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"))
        .map((name) => join(folder, name));
    })
    .filter((file) => !/\/(errors|error-table)\.ts$/.test(file))
    .map((file) => readFileSync(join(workspace, file), "utf8"))
    .join("\n");
  const thrown = new Set(source.match(/\bERR_(?:[A-Z0-9]+_)*[A-Z0-9]+\b/g));
  const listed = Object.keys({ ...errorTable, ...cliErrorTable });
  // Node's own codes look alike.
  const foreign = new Set(["ERR_MODULE_NOT_FOUND", "ERR_IPC_CHANNEL_CLOSED", "ERR_HTTP_HEADERS_SENT"]);
  expect([...thrown].filter((code) => !listed.includes(code) && !foreign.has(code))).toEqual([]);
  expect(listed.filter((code) => !thrown.has(code))).toEqual([]);
});
