import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ada } from "../../test/fixtures.js";
import { UserError } from "../errors.js";
import { Clock } from "./clock.js";
import { buildClaims } from "./local-source.js";
import { Session } from "./session.js";
import type { TokenRequest, TokenSource } from "./types.js";

const start = Date.parse("2026-11-25T12:00:00Z");

/** A source whose tokens are numbered, on a clock that the test moves. */
function setUp(lifetime = 3600) {
  let time = start;
  let issued = 0;
  let failure: Error | undefined;
  const clock = new Clock(() => time);
  const request: TokenRequest = {
    userId: ada,
    role: "authenticated",
    claims: {},
    lifetime,
    actor: undefined,
    initiator: undefined,
    scope: undefined,
  };
  const source: TokenSource = {
    async issue(asked) {
      const number = ++issued;
      await Promise.resolve();
      if (failure) throw failure;
      const claims = buildClaims(asked, {}, "issuer", Math.floor(clock.now() / 1000));
      return { token: `token ${number}`, claims, expiresAt: new Date(claims.exp * 1000) };
    },
  };
  return {
    clock,
    session: () => Session.start(source, request, clock),
    pass: (seconds: number) => {
      time += seconds * 1000;
    },
    fail: (error: Error | undefined) => {
      failure = error;
    },
    issued: () => issued,
  };
}

const banned = new UserError("ERR_USER_BANNED", "The user is banned.");
const away = new UserError("ERR_USER_LOOKUP_FAILED", "Nobody answers.", { transient: true });

describe("a session", () => {
  it("keeps its token for most of its life and renews it before the end", async () => {
    const { session: open, pass, issued } = setUp();
    const session = await open();
    pass(3600 - 150);
    expect(await session.token()).toBe("token 1");
    pass(150 - 90 + 1);
    expect(await session.token()).toBe("token 2");
    expect(issued()).toBe(2);
  });

  it("never hands out a token past its end, however long or short it lives and however long nobody asked", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 86_400 }),
        fc.array(fc.double({ min: 0, max: 200_000, noNaN: true }), { maxLength: 10 }),
        async (lifetime, waits) => {
          const { session: open, pass, clock } = setUp(lifetime);
          const session = await open();
          let renewed = await session.token();
          let bornAt = clock.now();
          for (const wait of waits) {
            pass(wait);
            const token = await session.token();
            if (token !== renewed) bornAt = clock.now();
            renewed = token;
            expect(clock.now()).toBeLessThan(bornAt + lifetime * 1000);
          }
        },
      ),
    );
  });

  it("renews once for all who ask at the same time", async () => {
    const { session: open, pass, issued } = setUp();
    const session = await open();
    pass(3600);
    const tokens = await Promise.all(Array.from({ length: 100 }, () => session.token()));
    expect(new Set(tokens)).toEqual(new Set(["token 2"]));
    expect(issued()).toBe(2);
  });

  it("spreads renewals", async () => {
    const { session: open, pass } = setUp();
    const sessions = await Promise.all(Array.from({ length: 64 }, open));
    pass(3600 - 120);
    const fresh = sessions.filter((session) => session.isFresh).length;
    expect(fresh).toBeGreaterThan(0);
    expect(fresh).toBeLessThan(64);
  });

  it("does not begin without a token", async () => {
    const { session: open, fail } = setUp();
    fail(banned);
    await expect(open()).rejects.toBe(banned);
  });

  it("ends at a refusal, even while the token lasts, and goes on when it is lifted", async () => {
    const { session: open, pass, fail } = setUp();
    const session = await open();
    pass(3600 - 89);
    fail(banned);
    await expect(session.token()).rejects.toBe(banned);
    await expect(session.token()).rejects.toBe(banned);
    fail(undefined);
    expect(await session.token()).toBe("token 4");
  });

  it("survives an auth server that is away, as long as the token lasts", async () => {
    const { session: open, pass, fail } = setUp();
    const session = await open();
    fail(away);
    pass(3600 - 89);
    expect(await session.token()).toBe("token 1");
    pass(88);
    await expect(session.token()).rejects.toBe(away);
  });

  it("renews a token that turns out to be from the future or the past", async () => {
    for (const [offset, lifetime] of [
      [-300, 3600],
      [300, 60],
    ] as const) {
      const { session: open, clock, pass } = setUp(lifetime);
      const session = await open();
      clock.observe(new Headers({ date: new Date(start + offset * 1000).toUTCString() }));
      expect(await session.token()).toBe("token 2");
      pass(1);
      expect(await session.token()).toBe("token 2");
    }
  });
});

describe("the clock", () => {
  const at = (ms: number, more: Record<string, string> = {}) =>
    new Headers({ date: new Date(ms).toUTCString(), ...more });

  it("takes the server's word on differences that a Date header can show", () => {
    const clock = new Clock(() => start);
    clock.observe(at(start + 1000));
    expect(clock.offset).toBe(0);
    clock.observe(at(start + 300_000));
    expect(clock.now()).toBe(start + 300_500);
    clock.observe(new Headers());
    clock.observe(new Headers({ date: "yesterday" }));
    clock.observe(at(start - 900_000, { age: "120" }));
    expect(clock.now()).toBe(start + 300_500);
    clock.observe(at(start - 300_000));
    expect(clock.now()).toBe(start - 299_500);
  });

  it("asks once, and not when it knows", async () => {
    let asked = 0;
    const ask = async () => {
      asked++;
      return new Response(null, { headers: at(start + 60_000) });
    };
    const clock = new Clock(() => start);
    await Promise.all([clock.measure(ask), clock.measure(ask)]);
    expect([asked, clock.offset]).toEqual([1, 60_500]);
    const knowing = new Clock(() => start);
    knowing.observe(at(start));
    await knowing.measure(ask);
    expect(asked).toBe(1);
    const alone = new Clock(() => start);
    await alone.measure(() => Promise.reject(new Error("no network")));
    expect(alone.now()).toBe(start);
  });
});
