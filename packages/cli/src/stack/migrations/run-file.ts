import { readFileSync } from "node:fs";
import { type Client, DatabaseError, type QueryConfig } from "pg";
import { StackError, type StackErrorCode } from "../errors.js";
import { splitStatements } from "./split-statements.js";

/**
 * Runs a file of SQL in one transaction together with the record that it ran. The file goes to Postgres as it is, in one message:
 * how it is cut into statements matters only for the record and for saying where an error is.
 */
export async function runFile(
  client: Client,
  file: string,
  code: Extract<StackErrorCode, "ERR_STACK_MIGRATION_FAILED" | "ERR_STACK_SEED_FAILED">,
  record: (statements: string[]) => QueryConfig,
): Promise<void> {
  const text = readFileSync(file, "utf8").replace(/^\uFEFF/, "");
  const statements = splitStatements(text);
  await client.query("begin");
  try {
    await runText(client, text, (error, finished) => {
      const position = Number(error.position ?? 0);
      const offset = position > 0 ? characterOffset(text, position) : (statements[finished]?.offset ?? 0);
      return new StackError(code, describe(error, file, text, offset), { cause: error });
    });
    // What the file set for its session, the record and the next file must not inherit.
    await client.query("reset role; reset all");
    await client.query(record(statements.map((statement) => statement.text)));
    await client.query("commit");
  } catch (error) {
    await client.query("rollback; reset role; reset all").catch(() => {});
    throw error;
  }
}

async function runText(
  client: Client,
  text: string,
  explain: (error: DatabaseError, finished: number) => Error,
): Promise<void> {
  // node-postgres emits it and leaves it out of its types.
  const { connection } = client as unknown as { connection: NodeJS.EventEmitter };
  let finished = 0;
  const count = () => {
    finished += 1;
  };
  connection.on("commandComplete", count);
  try {
    await client.query(text);
  } catch (error) {
    throw error instanceof DatabaseError ? explain(error, finished) : error;
  } finally {
    connection.off("commandComplete", count);
  }
}

function describe(error: DatabaseError, file: string, text: string, offset: number): string {
  const before = text.slice(0, offset);
  const line = before.split("\n").length;
  const column = offset - before.lastIndexOf("\n");
  const lineText = text.split("\n")[line - 1]?.trim().slice(0, 120) ?? "";
  const more = [error.detail, error.hint, helpFor(error)].filter(Boolean).map((part) => `\n  ${part}`);
  return `${file}:${line}:${column} ${error.message} (${error.code})\n  at: ${lineText}${more.join("")}\n  Nothing of this file was applied.`;
}

/** Postgres counts characters, JavaScript UTF-16 units. */
function characterOffset(text: string, position: number): number {
  return [...text].slice(0, position - 1).join("").length;
}

function helpFor(error: DatabaseError): string | undefined {
  const extension = /^extension "([^"]+)" is not available$/.exec(error.message)?.[1];
  if (extension) return `Extension ${extension} is part of hosted Supabase and not of the embedded Postgres.`;
  return undefined;
}
