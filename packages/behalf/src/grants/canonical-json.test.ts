import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { canonicalJson } from "./canonical-json.js";
import { payloadDigest } from "./payload-digest.js";

const json = fc.jsonValue({ stringUnit: "binary" });

/** The same value with the members of its objects in another order. */
function shuffle(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shuffle);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([name, member]) => [name, shuffle(member)]),
  );
}

describe("canonical JSON", () => {
  // The example of RFC 8785, section 3.2.2 and 3.2.3.
  test("writes the RFC's example as the RFC does", () => {
    const value = {
      numbers: JSON.parse("[333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001]"),
      string: "\u20ac$\u000f\u000aA'\u0042\u0022\u005c\\\"\u002f",
      literals: [null, true, false],
    };
    expect(canonicalJson(value)).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    );
  });

  // Its section 3.2.3: by UTF-16 code units, not by code points.
  test("sorts names as the RFC's example does", () => {
    const value = {
      "\u20ac": "Euro Sign",
      "\r": "Carriage Return",
      "\ufb33": "Hebrew Letter Dalet With Dagesh",
      "1": "One",
      "\ud83d\ude00": "Emoji: Grinning Face",
      "\u0080": "Control",
      "\u00f6": "Latin Small Letter O With Diaeresis",
    };
    expect(Object.values(JSON.parse(canonicalJson(value)))).toHaveLength(7);
    expect([...canonicalJson(value).matchAll(/:"([^"]+)"/g)].map(([, name]) => name)).toEqual([
      "Carriage Return",
      "One",
      "Control",
      "Latin Small Letter O With Diaeresis",
      "Euro Sign",
      "Emoji: Grinning Face",
      "Hebrew Letter Dalet With Dagesh",
    ]);
  });

  test("is JSON of the same value, whatever the order", () => {
    fc.assert(
      fc.property(json, (value) => {
        const text = canonicalJson(value);
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
        expect(canonicalJson(shuffle(value))).toBe(text);
        expect(canonicalJson(JSON.parse(JSON.stringify(value)))).toBe(text);
      }),
    );
  });

  test("sees what JSON.stringify sees", () => {
    const value = {
      at: new Date(0),
      gone: undefined,
      list: [undefined, 1],
      site: new URL("https://a.example"),
    };
    expect(canonicalJson(value)).toBe(canonicalJson(JSON.parse(JSON.stringify(value))));
    expect(canonicalJson(-0)).toBe("0");
  });

  test.each([
    ["a Map", new Map([["a", 1]])],
    ["a Set", new Set([1])],
    ["a bigint", { n: 1n }],
    ["NaN", [Number.NaN]],
    ["Infinity", Number.POSITIVE_INFINITY],
    ["a function", () => 1],
    ["a symbol", Symbol("a")],
    ["nothing", undefined],
    ["a lone surrogate", "\ud800"],
    ["a name with one", { "\udc00": 1 }],
    ["a RegExp", /a/],
  ])("has no form for %s", (_, value) => {
    expect(() => canonicalJson(value)).toThrow(TypeError);
  });

  test("has none for a circle", () => {
    const circle: Record<string, unknown> = {};
    circle.self = circle;
    expect(() => canonicalJson(circle)).toThrow(TypeError);
  });
});

describe("the digest of a payload", () => {
  test("is that of the payload without the grant", async () => {
    expect(await payloadDigest({ a: 1, grant: "g" }, "g")).toBe(await payloadDigest({ a: 1 }));
    expect(await payloadDigest({ a: 1, grant: "other" }, "g")).not.toBe(await payloadDigest({ a: 1 }));
    expect(await payloadDigest("text", "g")).toBe(await payloadDigest("text"));
  });

  test("leaves out one member alone: no other passes unseen by holding the grant as well", async () => {
    const sealed = await payloadDigest({ a: 1 });
    expect(await payloadDigest({ a: 1, grant: "g", isAdmin: "g" }, "g")).not.toBe(sealed);
    expect(await payloadDigest({ isAdmin: "g", a: 1, grant: "g" }, "g")).not.toBe(sealed);
  });

  test("differs where payloads differ", async () => {
    await fc.assert(
      fc.asyncProperty(json, json, async (a, b) => {
        const isSame = canonicalJson(a) === canonicalJson(b);
        expect((await payloadDigest(a)) === (await payloadDigest(b))).toBe(isSame);
      }),
    );
  });
});
