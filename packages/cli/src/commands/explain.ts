import type { Json } from "behalf";
import { type ExplainRequest, type Explanation, runExplain } from "../explain/index.js";
import { readConfig } from "../stack/config/read-config.js";
import { withDatabase } from "./database.js";
import { print, printJson, printTable, styled } from "./terminal.js";

export interface ExplainOptions {
  dir: string;
  user: string;
  json?: boolean;
  task?: string;
  run?: string;
  grant?: string;
  scope?: string;
  role?: string;
  claims?: Record<string, Json>;
  row?: Record<string, unknown>;
}

/** `behalf explain <table> <verb>`: why it gives no rows or is refused. */
export async function explain(
  table: string,
  verb: ExplainRequest["verb"],
  { dir, json, ...options }: ExplainOptions,
): Promise<void> {
  const dot = table.indexOf(".");
  const request = {
    ...options,
    verb,
    table:
      dot < 0
        ? { schema: "public", name: table }
        : { schema: table.slice(0, dot), name: table.slice(dot + 1) },
  };
  const explanation = await withDatabase(dir, (client, { folder }) =>
    runExplain(client, request, readConfig(folder).api.schemas),
  );
  if (json) printJson(explanation);
  else printExplanation(explanation);
}

const colors = { allowed: "green", empty: "yellow", refused: "red", depends: "blue" } as const;

function printExplanation(explanation: Explanation): void {
  const { table, verb, role, user, task, verdict, cause, why, cure, policies, notes } = explanation;
  print(`${verb} on ${table}, as ${user}${task ? ` by the task ${task}` : ""} (${role})\n`);
  print(`${styled(colors[verdict], verdict)}  ${styled("dim", cause)}`);
  print(`  ${why}`);
  print(`  → ${cure}`);
  for (const note of notes) print(`  Note: ${note}`);
  if (policies.length > 0) {
    print("\nPolicies that decide:");
    printTable(
      policies.map(({ name, permissive, outcome, because, condition }) => [
        outcome,
        `${name}${permissive ? "" : " (restrictive)"}: ${because ?? condition}`,
      ]),
    );
  }
}
