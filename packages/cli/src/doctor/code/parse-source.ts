import { SourceMap } from "node:module";
import { type Node, type Program, parse } from "acorn";
import { transform } from "esbuild";

/** A module as JavaScript, without its types. */
export interface ParsedSource {
  program: Program;
  code: string;
  textOf(node: Node): string;
  /** Where the node is in the file as it was written. */
  lineOf(node: Node): number;
}

/** Undefined for what doesn't parse: it can't run either, and `behalf dev` reports it with the line. */
export async function parseSource(file: string, text: string): Promise<ParsedSource | undefined> {
  try {
    const { code, map } = await transform(text, {
      loader: file.endsWith("x") ? "tsx" : "ts",
      format: "esm",
      sourcemap: true,
      sourcesContent: false,
      logLevel: "silent",
    });
    const program = parse(code, { ecmaVersion: "latest", sourceType: "module", locations: true });
    const sources = new SourceMap(JSON.parse(map));
    return {
      program,
      code,
      textOf: ({ start, end }) => code.slice(start, end),
      lineOf({ loc }) {
        const { line = 1, column = 0 } = loc?.start ?? {};
        const entry = sources.findEntry(line - 1, column);
        return "originalLine" in entry ? entry.originalLine + 1 : line;
      },
    };
  } catch {
    return undefined;
  }
}
