import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { generateTypescript, sortGeneratorMetadata } from "@supabase/postgrest-typegen/generation";
import { introspect } from "@supabase/postgrest-typegen/introspection";
import { Pool } from "pg";
import { UsageError } from "../errors.js";
import { openProject, type Project } from "../project/folder.js";
import { findRunning } from "../project/running.js";
import { startStack } from "../stack/index.js";
import { print, printError } from "./terminal.js";

export interface TypesOptions {
  dir: string;
  output: string;
  schema: string[];
  check?: boolean;
}

/**
 * `behalf types`: the `Database` type of a project's migrations, as `supabase gen types` writes it. Taken from the running `behalf dev`, or from a database
 * made for it. With `check`, writes nothing and returns 1 where the file says something else.
 */
export async function types(options: TypesOptions): Promise<0 | 1> {
  const project = openProject(options.dir);
  const text = await withDatabase(project, (url) => generate(url, options.schema));
  const file = join(project.folder, options.output);
  const written = await readFile(file, "utf8").catch(() => undefined);
  const name = relative(process.cwd(), file);
  if (options.check) {
    if (written === text) return 0;
    printError(
      `${name} ${written === undefined ? "is missing" : "is not what the migrations say"}. Write it with: behalf types`,
    );
    return 1;
  }
  if (written === text) print(`${name} is up to date.`);
  else {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
    print(`Wrote ${name}.`);
  }
  return 0;
}

async function generate(databaseUrl: string, schemas: string[]): Promise<string> {
  // A pool: the queries are sent side by side.
  const pool = new Pool({ connectionString: databaseUrl, max: 4 });
  // Its end doesn't wait until Postgres has let the connections go; a stack that ends then ends them.
  pool.on("error", () => {});
  try {
    const { rows } = await pool.query<{ name: string }>(
      "select name from unnest($1::text[]) as name where to_regnamespace(quote_ident(name)) is null",
      [schemas],
    );
    if (rows.length > 0)
      throw new UsageError(
        "ERR_USAGE_NO_SCHEMA",
        `The database has no schema ${rows.map(({ name }) => name).join(", ")}. Name schemas that the migrations make, or leave --schema out for public.`,
      );
    const metadata = await introspect(pool, { includedSchemas: schemas });
    return await generateTypescript(sortGeneratorMetadata(metadata), {});
  } finally {
    await pool.end();
  }
}

async function withDatabase<T>(project: Project, use: (databaseUrl: string) => Promise<T>): Promise<T> {
  const running = await findRunning(project);
  if (running) return use((await running.status()).databaseUrl);
  const directory = await mkdtemp(join(tmpdir(), "behalf-types-"));
  try {
    const stack = await startStack({ directory, project: project.folder });
    try {
      return await use(stack.databaseUrl);
    } finally {
      await stack.stop();
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
