import type { CallExpression, Expression, Node, ObjectExpression, Program, SpreadElement } from "acorn";
import { simple } from "acorn-walk";
import type { FaultCode } from "../finding.js";
import type { ParsedSource } from "./parse-source.js";

export interface SourceFault {
  code: FaultCode;
  /** In the file as it was written. */
  line: number;
}

/** Finds clients and tokens made by hand in one module. */
export function lintSource({ program, code, textOf, lineOf }: ParsedSource): SourceFault[] {
  const names = namesOf(program);
  const variables = initialValues(program, code);
  const isSupabase = names.createClient.size > 0 || /SUPABASE_JWT_SECRET/.test(code);
  const faults: { code: FaultCode; node: Node }[] = [];
  simple(program, {
    CallExpression(node) {
      const callee = textOf(node.callee);
      if (names.createClient.has(callee)) faults.push(...lintClient(node, { textOf, variables }));
      if (isSupabase && names.sign.has(callee) && lacksRole(node.arguments[0]))
        faults.push({ code: "DOCTOR_CODE_TOKEN_WITHOUT_ROLE", node });
    },
    NewExpression(node) {
      if (isSupabase && names.signJwt.has(textOf(node.callee)) && lacksRole(node.arguments[0], true))
        faults.push({ code: "DOCTOR_CODE_TOKEN_WITHOUT_ROLE", node });
    },
  });
  return faults.map(({ code, node }) => ({ code, line: lineOf(node) }));
}

interface Names {
  /** What the module calls supabase-js's createClient, jsonwebtoken's sign and jose's SignJWT. */
  createClient: Set<string>;
  sign: Set<string>;
  signJwt: Set<string>;
}

function namesOf(program: Program): Names {
  const names: Names = { createClient: new Set(), sign: new Set(), signJwt: new Set() };
  const wanted: [source: string, exported: string, into: Set<string>][] = [
    ["@supabase/supabase-js", "createClient", names.createClient],
    ["jsonwebtoken", "sign", names.sign],
    ["jose", "SignJWT", names.signJwt],
  ];
  for (const statement of program.body) {
    if (statement.type !== "ImportDeclaration") continue;
    for (const [source, exported, into] of wanted) {
      if (statement.source.value !== source) continue;
      for (const specifier of statement.specifiers) {
        const local = specifier.local.name;
        if (specifier.type !== "ImportSpecifier") into.add(`${local}.${exported}`);
        else if ("name" in specifier.imported && specifier.imported.name === exported) into.add(local);
      }
    }
  }
  return names;
}

/** The text that each variable starts as, to look through `const key = process.env.…`. */
function initialValues(program: Program, code: string): Map<string, string> {
  const values = new Map<string, string>();
  simple(program, {
    VariableDeclarator({ id, init }) {
      if (id.type === "Identifier" && init) values.set(id.name, code.slice(init.start, init.end));
    },
  });
  return values;
}

interface Scope {
  textOf: (node: Node) => string;
  variables: Map<string, string>;
}

const secretKey = /SERVICE_ROLE|SECRET_KEY|sb_secret_/i;

function lintClient(node: CallExpression, { textOf, variables }: Scope): { code: FaultCode; node: Node }[] {
  const [, key, options] = node.arguments;
  const keyText = key ? textOf(key) : "";
  const keySource = `${keyText} ${variables.get(keyText) ?? ""}`;
  const optionsText = options ? textOf(options) : "";
  const isFixed =
    /\bauthorization\b/i.test(optionsText) && !/\b(?:req|request|headers\(\))\b/.test(optionsText);
  return [
    ...(secretKey.test(keySource) ? [{ code: "DOCTOR_CODE_SERVICE_CLIENT" as const, node }] : []),
    ...(isFixed ? [{ code: "DOCTOR_CODE_FIXED_TOKEN" as const, node }] : []),
  ];
}

/** Whether claims are written out here, for a user and without a role. jose sets the subject apart: `subject` says so. */
function lacksRole(claims: Expression | SpreadElement | undefined, subject = false): boolean {
  if (claims?.type !== "ObjectExpression") return false;
  const keys = keysOf(claims);
  return !keys.includes("...") && !keys.includes("role") && (subject || keys.includes("sub"));
}

function keysOf({ properties }: ObjectExpression): string[] {
  return properties.map((property) => {
    if (property.type === "SpreadElement") return "...";
    const { key } = property;
    return key.type === "Identifier" ? key.name : key.type === "Literal" ? `${key.value}` : "...";
  });
}
