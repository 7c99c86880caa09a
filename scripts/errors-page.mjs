// npm run docs:errors: writes docs/errors.md from the tables that the code throws by.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { root, setup } from "./setup.mjs";

const introduction = `# Errors

Everything thrown is a \`BehalfError\` with a stable \`code\`: match on it, not on the message. Messages name the cause and the cure, and never hold a key, a token or a claim.
This page is made from the code by \`npm run docs:errors\`.
`;

export async function renderErrorsPage() {
  const { errorTable } = await import("behalf");
  const { cliErrorTable } = await import("@behalf/cli");
  const section = (title, table) =>
    [`\n## ${title}\n`, "| code | cause | cure |", "|---|---|---|"]
      .concat(
        Object.entries(table).map(
          ([code, { cause, cure }]) => `| \`${code}\` | ${escapeCell(cause)} | ${escapeCell(cure)} |`,
        ),
      )
      .join("\n");
  return [
    introduction,
    section("behalf", errorTable),
    "\n",
    section("@behalf/cli", cliErrorTable),
    "\n",
  ].join("");
}

const escapeCell = (text) => text.replaceAll("|", "\\|").replaceAll("<", "&lt;");

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  setup();
  writeFileSync(join(root, "docs", "errors.md"), await renderErrorsPage());
}
