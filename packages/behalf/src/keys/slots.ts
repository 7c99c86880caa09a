import { ConfigError, KeyError } from "../errors.js";
import { classifyKey, type KeyClass, projectOfUrl } from "./classify.js";
import type { Origin } from "./parse-keys.js";

/** Refuses anything but a publishable key or the legacy anon key. */
export function checkPublishableSlot(value: string, origin: Origin): KeyClass {
  const found = classifyKey(value);
  switch (found.kind) {
    case "publishable":
      return found;
    case "anon-jwt":
      return refuseExpired(found, origin);
    case "secret":
      throw new KeyError(
        "ERR_KEY_SECRET_AS_PUBLISHABLE",
        `${origin} holds a secret key (sb_secret_…). The publishable key (sb_publishable_…) belongs there.`,
      );
    case "service-role-jwt":
      throw new KeyError(
        "ERR_KEY_SERVICE_AS_ANON",
        `${origin} holds the service_role key. The anon key or the publishable key belongs there.`,
      );
    default:
      throw refuseOther(found, origin, "a publishable key (sb_publishable_…) or the legacy anon key");
  }
}

/** Refuses anything but a secret key or the legacy service_role key. */
export function checkSecretSlot(value: string, origin: Origin): KeyClass {
  const found = classifyKey(value);
  switch (found.kind) {
    case "secret":
      return found;
    case "service-role-jwt":
      return refuseExpired(found, origin);
    case "publishable":
      throw new KeyError(
        "ERR_KEY_PUBLISHABLE_AS_SECRET",
        `${origin} holds a publishable key (sb_publishable_…). The secret key (sb_secret_…) belongs there.`,
      );
    case "anon-jwt":
      throw new KeyError(
        "ERR_KEY_ANON_AS_SERVICE",
        `${origin} holds the anon key. The service_role key or a secret key (sb_secret_…) belongs there.`,
      );
    default:
      throw refuseOther(found, origin, "a secret key (sb_secret_…) or the legacy service_role key");
  }
}

function refuseExpired(found: KeyClass, origin: Origin): KeyClass {
  if (found.expiresAt !== undefined && found.expiresAt * 1000 < Date.now())
    throw new KeyError("ERR_KEY_EXPIRED", `${origin} is a key whose time has passed. Copy the current one.`);
  return found;
}

function refuseOther({ kind }: KeyClass, origin: Origin, wanted: string): KeyError {
  if (kind === "management-token")
    return new KeyError(
      "ERR_KEY_MANAGEMENT_TOKEN",
      `${origin} holds a personal access token (sbp_…). It needs ${wanted}.`,
    );
  return new KeyError("ERR_KEY_NOT_API_KEY", `${origin} is no Supabase API key. It needs ${wanted}.`);
}

/** Refuses keys that name a project other than the URL's, or than each other. */
export function checkProject(url: URL, keys: readonly { origin: Origin; found: KeyClass }[]): void {
  const ofUrl = projectOfUrl(url);
  const isHosted = ofUrl !== url.host;
  let first: { origin: Origin; project: string } | undefined;
  for (const { origin, found } of keys) {
    if (found.project === undefined) continue;
    // Behind a custom domain a project's keys still name its reference: only a host can disagree with that URL.
    const comparable = isHosted || /[.:]/.test(found.project);
    if (comparable && normaliseHost(found.project) !== normaliseHost(ofUrl))
      throw mismatch(`${origin} and the URL belong to different Supabase projects.`);
    if (first && first.project !== found.project)
      throw mismatch(`${first.origin} and ${origin} belong to different Supabase projects.`);
    first ??= { origin, project: found.project };
  }
}

function normaliseHost(host: string): string {
  return host.replace(/^(localhost|127\.0\.0\.1|\[::1\])(?=:|$)/, "loopback");
}

function mismatch(message: string): ConfigError {
  return new ConfigError(
    "ERR_CONFIG_PROJECT_MISMATCH",
    `${message} Copy the URL and all keys from the settings of one project.`,
  );
}
