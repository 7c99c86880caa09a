import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import type { Expression, ObjectExpression } from "acorn";
import { simple } from "acorn-walk";
import { findConfigFile } from "../../runtime/files/find-files.js";
import { parseSource } from "../code/parse-source.js";
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
  let config: ObjectExpression | undefined;
  if (source)
    simple(source.program, {
      CallExpression(node) {
        const [argument] = node.arguments;
        if (source.textOf(node.callee) === "defineConfig" && argument?.type === "ObjectExpression")
          config = argument;
      },
      ExportDefaultDeclaration({ declaration }) {
        if (declaration.type === "ObjectExpression") config = declaration;
      },
    });
  const property = (name: string) => config && propertyOf(config, name);
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
