import { Hono } from "hono";
import type { AuthConfig } from "../config/types.js";
import type { GatewayEnv } from "../gateway/types.js";
import { publicJwks } from "../keys/jwks.js";
import type { StackKeys } from "../types.js";
import { createAccessTokens } from "./access-tokens.js";
import { openAuthPool } from "./database.js";
import { AuthFailure, answerFailure, unexpected } from "./failure.js";
import { adminUserRoutes } from "./routes/admin-users.js";
import { signUpRoutes } from "./routes/sign-up.js";
import { tokenRoutes } from "./routes/token.js";
import { userRoutes } from "./routes/user.js";
import type { AuthEnv } from "./types.js";

export interface AuthOptions {
  /** Connection string of role `supabase_auth_admin`. */
  databaseUrl: string;
  keys: StackKeys;
  config: AuthConfig;
  /** The stack's address; tokens are issued by `<url>/auth/v1`. */
  url: string;
  /** Told of what went wrong on our side, as GoTrue's server log is. */
  onFailure: (message: string) => void;
}

/** `/auth/v1`, mounted into the gateway. */
export interface Auth {
  app: Hono<GatewayEnv>;
  close(): Promise<void>;
}

/** The part of GoTrue that needs no mail and no other service: users, passwords, sessions, and their administration. */
export function createAuth({ databaseUrl, keys, config, url, onFailure }: AuthOptions): Auth {
  const pool = openAuthPool(databaseUrl);
  const context = { pool, config, tokens: createAccessTokens(keys, `${url}/auth/v1`, config.jwtExpiry) };
  const app = new Hono<AuthEnv>();
  app.onError((error, c) => {
    const failure = error instanceof AuthFailure ? error : unexpected(undefined, error);
    const { cause } = failure;
    if (cause instanceof Error)
      onFailure(`${c.req.method} ${c.req.path}: ${failure.message}: ${cause.message}`);
    return answerFailure(c, failure);
  });
  app.get("/.well-known/jwks.json", (c) => c.json(publicJwks(keys.signingKeys)));
  app.get("/health", (c) =>
    c.json({ name: "GoTrue", version: "behalf", description: "GoTrue's API, embedded" }),
  );
  app.get("/settings", (c) => c.json(settings(config)));
  app.route("/", signUpRoutes(context));
  app.route("/", tokenRoutes(context));
  app.route("/", userRoutes(context));
  app.route("/", adminUserRoutes(context));
  app.all("/*", (c) => {
    throw new AuthFailure(
      404,
      "not_found",
      `${c.req.method} ${c.req.path} is not part of the embedded auth: nothing here sends mail or messages, or talks to other providers.`,
    );
  });
  return { app: app as unknown as Hono<GatewayEnv>, close: () => pool.end() };
}

function settings(config: AuthConfig): Record<string, unknown> {
  return {
    external: {
      anonymous_users: config.enableAnonymousSignIns,
      email: config.enableEmailSignup,
      phone: false,
    },
    disable_signup: !config.enableSignup,
    mailer_autoconfirm: !config.confirmEmail,
    phone_autoconfirm: false,
    sms_provider: "",
    saml_enabled: false,
  };
}
