import { ConfigError } from "../errors.js";
import { classifyKey, type KeyKind } from "../keys/classify.js";
import type { Environment } from "./environment.js";

const publicPrefix = /^(?:NEXT_PUBLIC_|VITE_|PUBLIC_|NUXT_PUBLIC_|EXPO_PUBLIC_|REACT_APP_)/;
const unmistakable: ReadonlySet<KeyKind> = new Set([
  "secret",
  "service-role-jwt",
  "jwk-private",
  "pem-private",
  "management-token",
]);
const secretNames = /(?:JWT_SECRET|SERVICE_ROLE|SECRET_KEY|SIGNING_KEY|BEHALF_GRANT_KEY)/;

/**
 * Refuses secrets in variables that build tools put into browser bundles. An HS256 secret has no form of its own, so
 * it is known by the variable's name or by being the configured one.
 */
export function refusePublicSecrets(environment: Environment, jwtSecret: string | undefined): void {
  for (const [name, value] of Object.entries(environment)) {
    if (!value || !publicPrefix.test(name)) continue;
    const { kind } = classifyKey(value);
    const exposed =
      unmistakable.has(kind) || value === jwtSecret || (kind === "hs256-secret" && secretNames.test(name));
    if (exposed)
      throw new ConfigError(
        "ERR_CONFIG_PUBLIC_SECRET",
        `${name} holds a secret, and its prefix makes build tools publish it to browsers. ` +
          "Treat the secret as leaked: rotate it, then store it under a name without the prefix.",
      );
  }
}

/** Refuses browsers and their workers, where every visitor could read the keys. */
export function refuseBrowser(): void {
  const scope = globalThis as {
    window?: unknown;
    document?: unknown;
    importScripts?: unknown;
  };
  const isServer =
    (typeof process !== "undefined" && Boolean(process.versions?.node)) ||
    "Deno" in globalThis ||
    "Bun" in globalThis;
  const isPage = scope.window !== undefined && scope.document !== undefined;
  const isWorker = !isServer && typeof scope.importScripts === "function";
  // jsdom gives Node a window and a document: there a page's code is being tested, so it is refused as well.
  if (isPage || isWorker)
    throw new ConfigError(
      "ERR_CONFIG_BROWSER",
      "createBehalf was called in a browser, where every visitor could read the keys. Call it on a server only.",
    );
}
