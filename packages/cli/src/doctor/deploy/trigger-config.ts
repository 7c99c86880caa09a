import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import type { AnyNode, Expression, ObjectExpression } from "acorn";
import { simple } from "acorn-walk";
import { findConfigFile } from "../../runtime/files/find-files.js";
import { type ParsedSource, parseSource } from "../code/parse-source.js";
import type { Environment } from "../environment.js";

/** What trigger.config.ts says, as far as it can be read without running it. */
export interface TriggerConfig {
  /** Its name. */
  file: string;
  /** `null`: it is there, and only running the file would tell its value. */
  project: string | null | undefined;
  maxDuration: number | null | undefined;
  dirs: string[] | undefined;
}

/** Reads the config; undefined where there is none. `environment` is what `trigger deploy` would find. */
export async function readTriggerConfig(
  folder: string,
  environment: Environment,
): Promise<TriggerConfig | undefined> {
  const path = findConfigFile(folder);
  if (path === undefined) return undefined;
  const file = basename(path);
  const source = await parseSource(file, await readFile(path, "utf8"));
  const config = source && findConfig(source);
  // A config that is built in some other way may have anything.
  const isWhole = config?.properties.every(({ type }) => type === "Property") ?? false;
  const property = (name: string) => (config && propertyOf(config, name)) ?? (isWhole ? undefined : null);
  const project = property("project");
  const maxDuration = property("maxDuration");
  const dirs = property("dirs");
  return {
    file,
    project: project && asText(project, environment),
    maxDuration: maxDuration && asNumber(maxDuration),
    dirs:
      dirs?.type === "ArrayExpression"
        ? dirs.elements.flatMap((element) =>
            element?.type === "Literal" && typeof element.value === "string" ? [element.value] : [],
          )
        : undefined,
  };
}

/** The object that is exported: bare, in a variable, or through defineConfig. */
function findConfig({ program, textOf }: ParsedSource): ObjectExpression | undefined {
  const variables = new Map<string, Expression>();
  simple(program, {
    VariableDeclarator({ id, init }) {
      if (id.type === "Identifier" && init) variables.set(id.name, init);
    },
  });
  // The compiler names the default export last.
  const exported = program.body
    .flatMap((statement) => (statement.type === "ExportNamedDeclaration" ? statement.specifiers : []))
    .find((specifier) => textOf(specifier.exported) === "default");
  for (let node = exported?.local as AnyNode | undefined, step = 0; node && step < 5; step++) {
    if (node.type === "ObjectExpression") return node;
    if (node.type === "Identifier") node = variables.get(node.name) as AnyNode | undefined;
    else if (node.type === "CallExpression") node = node.arguments[0] as AnyNode | undefined;
    else return undefined;
  }
  return undefined;
}

function propertyOf({ properties }: ObjectExpression, name: string): Expression | undefined {
  for (const property of properties) {
    if (property.type !== "Property") continue;
    const { key, value } = property;
    if (key.type === "Identifier" ? key.name === name : key.type === "Literal" && key.value === name)
      return value;
  }
  return undefined;
}

/** Null where it can't be told. */
function asText(node: Expression, environment: Environment): string | null {
  if (node.type === "Literal") return typeof node.value === "string" ? node.value : null;
  if (node.type === "TemplateLiteral" && node.expressions.length === 0)
    return node.quasis[0]?.value.cooked ?? null;
  if (node.type === "LogicalExpression" && node.operator !== "&&") {
    const left = asText(node.left, environment);
    return left || asText(node.right, environment);
  }
  const isVariable =
    node.type === "MemberExpression" &&
    node.property.type === "Identifier" &&
    node.object.type === "MemberExpression";
  if (!isVariable || node.property.type !== "Identifier") return null;
  return environment[node.property.name] ?? "";
}

function asNumber(node: Expression): number | null {
  return node.type === "Literal" && typeof node.value === "number" ? node.value : null;
}
