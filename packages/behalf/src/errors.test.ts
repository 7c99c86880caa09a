import { readdirSync, readFileSync } from "node:fs";
import { inspect } from "node:util";
import { describe, expect, expectTypeOf, it } from "vitest";
import { BehalfError, type BehalfErrorCode, ConfigError, errorTable, UserError } from "./errors.js";

describe("errors", () => {
  it("have a code of their area, and a name to be told by", () => {
    const error = new UserError("ERR_USER_BANNED", "The user is banned.", { cause: new Error("x") });
    expect(error).toBeInstanceOf(BehalfError);
    expect(error).toMatchObject({ name: "UserError", code: "ERR_USER_BANNED", transient: false });
    expect(inspect(error)).toMatch(/^UserError: The user is banned\./);
    expect(JSON.parse(JSON.stringify(error))).toEqual({
      name: "UserError",
      code: "ERR_USER_BANNED",
      message: "The user is banned.",
    });
    // @ts-expect-error another area's code
    new ConfigError("ERR_USER_BANNED", "x");
    expectTypeOf(error.code).toExtend<BehalfErrorCode>();
    expectTypeOf<"ERR_NOPE">().not.toExtend<BehalfErrorCode>();
  });

  it("each say cause and cure", () => {
    for (const [code, { cause, cure }] of Object.entries(errorTable)) {
      expect(code).toMatch(/^ERR_[A-Z]+_[A-Z0-9_]+$/);
      expect(cause).toMatch(/^[A-Z].*[.)]$/);
      expect(cure).toMatch(/^[A-Z].*[.)]$/);
    }
  });

  it("are all thrown somewhere, and none is thrown that the table doesn't know", () => {
    const root = new URL(".", import.meta.url);
    const files = readdirSync(root, { recursive: true, encoding: "utf8" }).filter(
      (file) => file.endsWith(".ts") && !file.endsWith(".test.ts") && file !== "errors.ts",
    );
    const used = files.flatMap(
      (file) => readFileSync(new URL(file, root), "utf8").match(/\bERR_[A-Z0-9_]+\b/g) ?? [],
    );
    expect([...new Set(used)].sort()).toEqual(Object.keys(errorTable).sort());
  });
});
