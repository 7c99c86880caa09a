import { describe, expect, test } from "vitest";
import { claimsIn } from "./claims.js";
import { findCalls, splitConjuncts, wrapCalls } from "./expression.js";

describe("wrapCalls", () => {
  test.each([
    ["(auth.uid() = user_id)", "((select auth.uid()) = user_id)"],
    ["(( SELECT auth.uid() AS uid) = user_id)", undefined],
    ["(( SELECT (auth.jwt() ->> 'x'::text)) = body)", undefined],
    [
      "((auth.uid() = a) OR (( SELECT auth.uid() AS uid) = b))",
      "(((select auth.uid()) = a) OR (( SELECT auth.uid() AS uid) = b))",
    ],
    [
      "(EXISTS ( SELECT 1 FROM public.m WHERE (m.user_id = auth.uid())))",
      "(EXISTS ( SELECT 1 FROM public.m WHERE (m.user_id = (select auth.uid()))))",
    ],
    ["(EXISTS ( SELECT 1 FROM public.m WHERE (m.user_id = ( SELECT auth.uid() AS uid))))", undefined],
    ["(body = 'auth.uid()'::text)", undefined],
    ['("auth.uid()" = 1)', undefined],
    ["(name = 'it''s (' AND auth.uid() = id)", "(name = 'it''s (' AND (select auth.uid()) = id)"],
    ["(current_setting('a.b'::text, true) = body)", "((select current_setting('a.b'::text, true)) = body)"],
    // A column among the arguments: it has to be called for each row.
    ["(current_setting(('a.'::text || name), true) = body)", undefined],
    ["behalf.allows(body, 'select'::text)", undefined],
    ["( SELECT EXTRACT(year FROM now()) = length(auth.role()))", undefined],
  ])("%s", (expression, wrapped) => {
    expect(wrapCalls(expression)).toBe(wrapped ?? expression);
    expect(findCalls(wrapCalls(expression)).every((call) => call.wrapped)).toBe(true);
  });
});

test.each([
  ["((a = 1) AND (b = 2))", ["a = 1", "b = 2"]],
  ["((a = 1) AND ((b = 2) AND (c OR d)))", ["a = 1", "b = 2", "c OR d"]],
  ["((a = 1) OR ((b = 2) AND c))", ["(a = 1) OR ((b = 2) AND c)"]],
  ["((a >= 1) AND (body = ' AND '::text))", ["a >= 1", "body = ' AND '::text"]],
  ["(a) AND (b)", ["a", "b"]],
  ["true", ["true"]],
])("splitConjuncts %s", (expression, parts) => {
  expect(splitConjuncts(expression)).toEqual(parts);
});

test.each([
  ["(auth.jwt() ->> 'tenant'::text)", ["tenant"]],
  ["((auth.jwt() -> 'app_metadata'::text) ->> 'tenant'::text)", ["app_metadata"]],
  ["(( SELECT auth.jwt() AS jwt) ->> 'tenant'::text)", ["tenant"]],
  ["(auth.jwt() #>> '{app_metadata,tenant}'::text[])", ["app_metadata"]],
  ["(auth.jwt() ? 'admin'::text)", ["admin"]],
  ["((current_setting('request.jwt.claims'::text, true))::jsonb ->> 'org'::text)", ["org"]],
  ["(NULLIF(current_setting('request.jwt.claims'::text, true), ''::text))::json ->> 'org'", ["org"]],
  ["current_setting('request.jwt.claim.email'::text, true)", ["email"]],
  ["auth.email()", ["email"]],
  ["(payload ->> 'tenant'::text)", []],
])("claimsIn %s", (sql, claims) => {
  expect(claimsIn(sql)).toEqual(claims);
});
