// What holds for every grant: the token says what the grant says and no more, and what was changed is refused.
import { createHmac } from "node:crypto";
import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { ada, behalfOf, codeOf } from "./grants-test-support.ts";

const url = "https://abcdefghijklmnopqrst.supabase.co";
const jwtSecret = "super-secret-jwt-token-with-at-least-32-characters-long";
const behalf = behalfOf({ url, publishableKey: "sb_publishable_ACJWlzQHlZjBrEguHvfOxg_3BJgxAaH", jwtSecret });

const word = fc.stringMatching(/^[a-z]{1,8}\.[a-z]{1,8}:(?:select|insert)$/);
const line = fc.stringMatching(/^[A-Za-z][\w :./-]{0,30}[\w]$/);
const payload = fc.oneof(
  fc.constant(undefined),
  fc.dictionary(
    fc.stringMatching(/^[a-z]{1,8}$/),
    fc.jsonValue({ maxDepth: 2 }).map((value) => JSON.parse(JSON.stringify(value))),
  ),
);
const granted = fc.record({
  tasks: fc.uniqueArray(line, { minLength: 1, maxLength: 4 }),
  payload,
  scope: fc.option(fc.uniqueArray(word, { minLength: 1, maxLength: 5 }), { nil: undefined }),
  initiator: fc.option(line, { nil: undefined }),
  expiresIn: fc.integer({ min: 120, max: 30 * 86_400 }),
  lifetime: fc.integer({ min: 60, max: 86_400 }),
});

let accessToken: string;
beforeAll(async () => {
  accessToken = (await behalf.mintToken(ada)).token;
});

const seal = ({ tasks, payload, scope, initiator, expiresIn }: Omit<Drawn, "lifetime">) =>
  behalf.grant({
    accessToken,
    task: tasks,
    expiresIn,
    ...(payload === undefined ? {} : { payload }),
    ...(scope === undefined ? {} : { scope }),
    ...(initiator === undefined ? {} : { initiator }),
  });
type Drawn = typeof granted extends fc.Arbitrary<infer Value> ? Value : never;

test("a token from a grant says exactly what the grant says, and ends with it", async () => {
  await fc.assert(
    fc.asyncProperty(granted, fc.nat(), async (drawn, choice) => {
      const { id, grant, claims: sealed } = await seal(drawn);
      const actor = { sub: drawn.tasks[choice % drawn.tasks.length] ?? "", run: "run_1" };
      const arrived = drawn.payload && { grant, ...drawn.payload };
      const { token, claims } = await behalf.mintToken(
        { grant, payload: arrived },
        { actor, lifetime: drawn.lifetime },
      );
      expect(claims).toEqual({
        aal: "aal1",
        is_anonymous: false,
        iss: `${url}/auth/v1`,
        sub: ada,
        aud: "authenticated",
        role: "authenticated",
        iat: expect.any(Number),
        exp: expect.any(Number),
        act: actor,
        initiator: drawn.initiator ?? ada,
        ...(drawn.scope === undefined ? {} : { scope: drawn.scope.join(" ") }),
        grant_id: id,
      });
      expect(claims.exp).toBeLessThanOrEqual(sealed.exp);
      expect(claims.exp - claims.iat).toBeLessThanOrEqual(drawn.lifetime + 30);
      const [, input = "", signature] = /^(.*)\.(.*)$/.exec(token) ?? [];
      expect(createHmac("sha256", jwtSecret).update(input).digest("base64url")).toBe(signature);
    }),
    { numRuns: 60 },
  );
});

test("asking for a part of the scope gets that part; asking for more gets nothing", async () => {
  const some = fc.uniqueArray(word, { minLength: 1, maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(some, some, async (allowed, others) => {
      const { grant } = await seal({
        tasks: ["t"],
        payload: undefined,
        scope: allowed,
        initiator: undefined,
        expiresIn: 3600,
      });
      const ask = (scope: string[]) => behalf.mintToken({ grant }, { actor: { sub: "t" }, scope });
      expect((await ask(allowed.slice(0, 1))).claims.scope).toBe(allowed[0]);
      const isWithin = others.every((other) => allowed.includes(other));
      expect(await codeOf(ask([...allowed, ...others]))).toBe(isWithin ? "none" : "ERR_GRANT_SCOPE");
    }),
    { numRuns: 40 },
  );
});

test("another task, another payload, or a changed character is refused", async () => {
  await fc.assert(
    fc.asyncProperty(granted, line, fc.jsonValue(), fc.nat(), async (drawn, task, other, at) => {
      const { grant } = await seal(drawn);
      const actor = { sub: drawn.tasks[0] ?? "" };
      const use = (text: string, sub = actor.sub, given: unknown = drawn.payload) =>
        codeOf(behalf.mintToken({ grant: text, payload: given }, { actor: { sub } }));
      expect(await use(grant, task)).toBe(drawn.tasks.includes(task) ? "none" : "ERR_GRANT_TASK");
      if (drawn.payload !== undefined)
        expect(await use(grant, actor.sub, { ...drawn.payload, more: other ?? 0 })).toBe(
          JSON.stringify(drawn.payload) === JSON.stringify({ ...drawn.payload, more: other ?? 0 })
            ? "none"
            : "ERR_GRANT_PAYLOAD",
        );
      const place = at % grant.length;
      const changed = grant.slice(0, place) + (grant[place] === "A" ? "B" : "A") + grant.slice(place + 1);
      expect(await use(changed)).toMatch(/^ERR_GRANT_(?:MALFORMED|HEADER|ALGORITHM|SIGNATURE)$/);
    }),
    { numRuns: 60 },
  );
});
