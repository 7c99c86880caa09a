import { expect, test } from "vitest";
import { holdsRows } from "./expect-rows.js";

const found = [
  { id: 1, data: { b: 2, a: { deep: [1, null] } }, other: "x" },
  { id: 2, data: null, other: "y" },
];

test("rows are the same in any order, whatever other columns hold", () => {
  const expected = [
    { id: 2, data: null },
    { id: 1, data: { a: { deep: [1, null] }, b: 2 } },
  ];
  expect(holdsRows(found, expected, ["id", "data"])).toBe(true);
});

test.each([
  ["another value", [{ id: 1 }, { id: 3 }]],
  ["a row too few", [{ id: 1 }]],
  ["a row twice", [{ id: 1 }, { id: 1 }]],
  ["another value inside JSON", [{ data: { a: { deep: [2, null] }, b: 2 } }, { data: null }]],
  ["a member too many inside JSON", [{ data: { a: { deep: [1, null] }, b: 2, c: 3 } }, { data: null }]],
])("they differ by %s", (_, expected: Record<string, unknown>[]) => {
  const columns = [...new Set(expected.flatMap((row) => Object.keys(row)))];
  expect(holdsRows(found, expected, columns)).toBe(false);
});
