import { expect, test } from "vitest";
import { OAuthError } from "./oauth-error.js";
import { RateLimiter } from "./rate-limit.js";

test("a client may ask in a burst, and then as often as its bucket refills", () => {
  let now = 0;
  const limiter = new RateLimiter({ perMinute: 60, burst: 2 }, () => now);
  const asks = (client = "worker") => {
    try {
      limiter.take(client);
      return "granted";
    } catch (error) {
      return (error as OAuthError).headers["retry-after"];
    }
  };
  expect([asks(), asks(), asks(), asks("other")]).toEqual(["granted", "granted", "1", "granted"]);
  now = 999;
  expect(asks()).toBe("1");
  now = 1000;
  expect([asks(), asks()]).toEqual(["granted", "1"]);
  now = 3_600_000;
  expect([asks(), asks(), asks()]).toEqual(["granted", "granted", "1"]);
  // A clock that is set back gives nothing and takes nothing.
  now = 0;
  expect(asks()).toBe("1");
});

test("a refusal is a 429", () => {
  const limiter = new RateLimiter({ perMinute: 1, burst: 1 }, () => 0);
  limiter.take("a");
  expect(() => limiter.take("a")).toThrow(OAuthError);
  expect(() => limiter.take("a")).toThrow(
    expect.objectContaining({ status: 429, headers: { "retry-after": "60" } }),
  );
});
