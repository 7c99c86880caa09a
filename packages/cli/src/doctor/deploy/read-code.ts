import { relative, sep } from "node:path";
import type { BinaryExpression, Node } from "acorn";
import { ancestor, simple } from "acorn-walk";
import { taskFolders } from "../../runtime/files/find-files.js";
import { type ParsedSource, parseSource } from "../code/parse-source.js";
import { reachableFrom, readSources } from "../code/task-files.js";
import type { Side } from "./sides.js";

/** A variable that code reads and has no other value for. */
export interface Read {
  name: string;
  /** `file:line` of the first place. */
  where: string;
}

/** What the code of one side does that its environment has to allow for. */
export interface SideCode {
  files: string[];
  reads: Read[];
  usesBehalf: boolean;
  usesTrigger: boolean;
  /** Mints users' tokens: `asUser`, `userTask`. */
  actsAsUser: boolean;
  /** `asService`, `serviceTask`. */
  actsAsService: boolean;
  makesGrants: boolean;
  requiresGrant: boolean;
}

const notDeployed = /(?:^|\/)(?:tests?|__tests__|e2e|scripts|bench)\//;
const configFile = /(?:^|\/)[\w.-]+\.config\.[cm]?[jt]s$/;

/**
 * Sorts the project's modules by where they will run, and looks at what each side reads and does. An import of types alone
 * brings no code along.
 */
export async function readCode(folder: string, dirs: string[] | undefined): Promise<Record<Side, SideCode>> {
  const parsed = new Map<string, ParsedSource>();
  for (const [file, text] of await readSources(folder)) {
    const source = await parseSource(file, text);
    if (source) parsed.set(file, source);
  }
  const folders = taskFolders(folder, dirs).map((path) => relative(folder, path).split(sep).join("/"));
  const isTask = (file: string) =>
    !configFile.test(file) && folders.some((name) => name === "" || file.startsWith(`${name}/`));
  const isFunction = (file: string) => file.startsWith("supabase/functions/");
  const isApp = (file: string) =>
    !isTask(file) &&
    !isFunction(file) &&
    !notDeployed.test(file) &&
    !configFile.test(file) &&
    importsOf(parsed.get(file)).some((name) => isBehalf(name) || isTrigger(name));
  const codes = new Map([...parsed].map(([file, { code }]) => [file, code]));
  const sideOf = (isEntry: (file: string) => boolean) => {
    const files = reachableFrom(codes, [...parsed.keys()].filter(isEntry));
    return lookAt(
      files.flatMap((file) => {
        const source = parsed.get(file);
        return source ? [{ file, source }] : [];
      }),
    );
  };
  return { app: sideOf(isApp), tasks: sideOf(isTask), functions: sideOf(isFunction) };
}

// Deno's specifiers carry a version: npm:behalf@^0.1.0.
const isBehalf = (name: string) => /^(?:npm:)?behalf(?:@[^/]*)?(?:\/|$)/.test(name);
const isTrigger = (name: string) => /^(?:npm:)?@trigger\.dev\/sdk(?:@[^/]*)?(?:\/|$)/.test(name);

function importsOf(source: ParsedSource | undefined): string[] {
  return (source?.program.body ?? []).flatMap((statement) =>
    (statement.type === "ImportDeclaration" || statement.type === "ExportNamedDeclaration") &&
    typeof statement.source?.value === "string"
      ? [statement.source.value]
      : [],
  );
}

function lookAt(sources: { file: string; source: ParsedSource }[]): SideCode {
  const reads = new Map<string, Read>();
  const called = new Set<string>();
  let requiresGrant = false;
  for (const { file, source } of sources) {
    for (const { name, node } of readsOf(source))
      if (!reads.has(name)) reads.set(name, { name, where: `${file}:${source.lineOf(node)}` });
    simple(source.program, {
      CallExpression({ callee }) {
        if (callee.type === "Identifier") called.add(callee.name);
        if (callee.type === "MemberExpression" && callee.property.type === "Identifier")
          called.add(callee.property.name);
      },
      Property({ key, value }) {
        if (key.type === "Identifier" && key.name === "requireGrant" && value.type === "Literal")
          requiresGrant ||= value.value === true;
      },
    });
  }
  const imports = sources.flatMap(({ source }) => importsOf(source));
  const usesBehalf = imports.some(isBehalf);
  const calls = (...names: string[]) => usesBehalf && names.some((name) => called.has(name));
  return {
    files: sources.map(({ file }) => file),
    reads: [...reads.values()],
    usesBehalf,
    usesTrigger: imports.some(isTrigger),
    actsAsUser: calls("asUser", "userTask", "userSchemaTask"),
    actsAsService: calls("asService", "serviceTask", "serviceSchemaTask"),
    makesGrants: calls("grant"),
    requiresGrant,
  };
}

/** The variables that a module can't do without. One with another value beside it, or one that is only tested, it can. */
function readsOf({ program, textOf }: ParsedSource): { name: string; node: Node }[] {
  const found: { name: string; node: Node }[] = [];
  const add = (name: string | undefined, node: Node, ancestors: Node[]) => {
    if (name && !isOptional(node, ancestors)) found.push({ name, node });
  };
  ancestor(program, {
    MemberExpression(node, _state, ancestors) {
      if (!isEnvironment(textOf(node.object))) return;
      const { property } = node;
      add(
        property.type === "Identifier" && !node.computed
          ? property.name
          : property.type === "Literal"
            ? String(property.value)
            : undefined,
        node,
        ancestors,
      );
    },
    CallExpression(node, _state, ancestors) {
      const [argument] = node.arguments;
      if (textOf(node.callee) === "Deno.env.get" && argument?.type === "Literal")
        add(String(argument.value), node, ancestors);
    },
    VariableDeclarator(node) {
      if (node.id.type !== "ObjectPattern" || !node.init || !isEnvironment(textOf(node.init))) return;
      for (const property of node.id.properties)
        if (property.type === "Property" && property.key.type === "Identifier")
          if (property.value.type !== "AssignmentPattern") add(property.key.name, property, []);
    },
  });
  return found;
}

const isEnvironment = (text: string) => text === "process.env" || text === "import.meta.env";

function isOptional(node: Node, ancestors: Node[]): boolean {
  const parent = ancestors.filter((other) => other !== node).at(-1);
  if (parent?.type === "BinaryExpression") {
    // NODE_ENV === "test" asks; secret === given needs both.
    const { left, right } = parent as BinaryExpression;
    return (left === node ? right : left).type === "Literal";
  }
  return ["LogicalExpression", "ConditionalExpression", "IfStatement", "UnaryExpression"].includes(
    parent?.type ?? "",
  );
}
