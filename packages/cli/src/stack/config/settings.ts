import type { TomlTable, TomlValue } from "smol-toml";
import { StackError } from "../errors.js";

/** Where the commands and this machine decide, and nobody expects otherwise. */
const alwaysQuiet = new Set(["project_id", "db.shadow_port", "db.major_version"]);

const sizeForm = /^(\d+(?:\.\d+)?)\s*([kmgt]?)i?b?$/i;

/** Typed reading of a parsed config.toml that remembers what nobody asked for. */
export class Settings {
  readonly #table: TomlTable;
  readonly #read = new Set<string>();

  constructor(table: TomlTable) {
    this.#table = table;
  }

  string(name: string, fallback: string): string {
    return this.#typed(name, fallback, (value) => typeof value === "string", "a string");
  }

  number(name: string, fallback: number): number {
    return this.#typed(
      name,
      fallback,
      (value) => typeof value === "number" && value >= 0,
      "a number, 0 or more",
    );
  }

  /** A size such as "50MiB", as the Supabase CLI reads it (units of 1024, with or without the i), or a number of bytes. */
  bytes(name: string, fallback: number): number {
    const size = this.#typed<number | string>(
      name,
      fallback,
      (value) => typeof value === "number" || (typeof value === "string" && sizeForm.test(value)),
      'a size such as "50MiB"',
    );
    if (typeof size === "number") return size;
    const [, amount, unit] = sizeForm.exec(size) ?? [];
    return Math.floor(Number(amount) * 1024 ** " KMGT".indexOf((unit || " ").toUpperCase()));
  }

  boolean(name: string, fallback: boolean): boolean {
    return this.#typed(name, fallback, (value) => typeof value === "boolean", "true or false");
  }

  strings(name: string, fallback: string[]): string[] {
    const isList = (value: unknown) =>
      Array.isArray(value) && value.every((item) => typeof item === "string");
    return this.#typed(name, fallback, isList, "a list of strings");
  }

  /** The names of the sections directly below one, such as those of `[storage.buckets.<name>]`. */
  sections(name: string): string[] {
    const table = this.#find(name);
    return isTable(table) ? Object.keys(table).filter((key) => isTable(table[key])) : [];
  }

  /** Settings that are present and that no method above was asked for; a section nothing was asked of appears as a whole. */
  unread(): string[] {
    const names: string[] = [];
    const visit = (table: TomlTable, prefix: string) => {
      for (const [key, value] of Object.entries(table)) {
        const name = prefix ? `${prefix}.${key}` : key;
        if (this.#read.has(name) || alwaysQuiet.has(name)) continue;
        if (!isTable(value)) {
          // What is served here is what would be on anyway.
          if (key !== "enabled" || value !== true) names.push(name);
        } else if ([...this.#read].some((asked) => asked.startsWith(`${name}.`))) visit(value, name);
        else if (value.enabled !== false) names.push(name);
      }
    };
    visit(this.#table, "");
    return names;
  }

  #find(name: string): TomlValue | undefined {
    let value: TomlValue | undefined = this.#table;
    for (const key of name.split(".")) value = isTable(value) ? value[key] : undefined;
    return value;
  }

  #typed<T>(name: string, fallback: T, accepts: (value: unknown) => boolean, kind: string): T {
    this.#read.add(name);
    let value = this.#find(name);
    if (typeof value === "string") value = fromEnvironment(value);
    if (value === undefined) return fallback;
    if (accepts(value)) return value as T;
    throw new StackError("ERR_STACK_CONFIG_INVALID", `${name} of supabase/config.toml must be ${kind}.`);
  }
}

/** `env(NAME)`, as the Supabase CLI understands it. */
function fromEnvironment(value: string): string | undefined {
  const name = /^env\((\w+)\)$/.exec(value)?.[1];
  return name === undefined ? value : process.env[name];
}

function isTable(value: TomlValue | undefined): value is TomlTable {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date);
}
