import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { Context, MiddlewareHandler } from "hono";
import { getCookie, setCookie } from "hono/cookie";
import { ConsoleFailure } from "./failure.js";

const digest = (text: string) => createHash("sha256").update(text).digest();
const isSame = (given: string, expected: string) => timingSafeEqual(digest(given), digest(expected));

/**
 * Lets in who opened the URL that this start printed, and nobody else: its token becomes a cookie that scripts can't read. A page of
 * another site is refused by its origin, and a name that was made to point here by the host it asks for.
 */
export class ConsoleAccess {
  /** Part of the URL that is printed. */
  readonly token = randomBytes(24).toString("base64url");
  readonly #session = randomBytes(24).toString("base64url");
  readonly #port: () => number;

  constructor(port: () => number) {
    this.#port = port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port()}/?token=${this.token}`;
  }

  readonly checkSite: MiddlewareHandler = async (c, next) => {
    const hosts = ["127.0.0.1", "localhost"].map((name) => `${name}:${this.#port()}`);
    const host = c.req.header("host") ?? "";
    if (!hosts.includes(host)) {
      throw new ConsoleFailure(
        403,
        "ERR_CONSOLE_HOST",
        `The console answers to ${hosts.join(" and ")} only.`,
      );
    }
    const origin = c.req.header("origin");
    const isReading = c.req.method === "GET" || c.req.method === "HEAD";
    const isOwn = origin === undefined ? isReading : origin === `http://${host}`;
    if (!isOwn) {
      throw new ConsoleFailure(
        403,
        "ERR_CONSOLE_ORIGIN",
        "Only the console's own page may ask this: the request comes from another site.",
      );
    }
    await next();
  };

  readonly checkSession: MiddlewareHandler = async (c, next) => {
    if (!isSame(getCookie(c, this.#cookie) ?? "", this.#session)) {
      throw new ConsoleFailure(
        401,
        "ERR_CONSOLE_TOKEN",
        "Open the console by the URL that behalf dev printed: each start has a new one.",
      );
    }
    await next();
  };

  /** Exchanges the token of the printed URL for the cookie. Undefined: the URL has none. */
  enter(c: Context): Response | undefined {
    const token = c.req.query("token");
    if (token === undefined || !isSame(token, this.token)) return undefined;
    setCookie(c, this.#cookie, this.#session, { httpOnly: true, sameSite: "Strict", path: "/" });
    // Not a redirect: after one, the browser would still count the request as the site's where the link was, and keep a strict cookie back.
    c.header("refresh", "0; url=/");
    return c.text("Opening the console …");
  }

  /** Cookies don't tell ports apart. */
  get #cookie(): string {
    return `behalf_console_${this.#port()}`;
  }
}
