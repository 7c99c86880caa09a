import type { SupabaseClient } from "@supabase/supabase-js";

const inspect = Symbol.for("nodejs.util.inspect.custom");

const hidden = { enumerable: false };

/**
 * Makes an object print as `label`, and as nothing more in JSON. Its own members become non-enumerable, because
 * recorders of spans and outputs walk over them without asking `toJSON`.
 *
 * @param names the members to hide; default all. Each costs as much as a member of the client costs to make.
 */
export function redact<T extends object>(object: T, label: string, names = Object.keys(object)): T {
  for (const name of names) if (Object.hasOwn(object, name)) Object.defineProperty(object, name, hidden);
  return describeAs(object, label);
}

/** A Realtime client's members that lead to the key or the token. */
export const realtimeSecrets = [
  "accessTokenValue",
  "apiKey",
  "params",
  "headers",
  "channels",
  "socketAdapter",
];

/** Redacts a Realtime client's channels as it makes them: each holds the key in an address, and the token once it joins. */
export function redactChannels(realtime: SupabaseClient["realtime"]): void {
  const make = realtime.channel.bind(realtime);
  const value: typeof make = (...args) => redact(make(...args), "RealtimeChannel {}");
  Object.defineProperty(realtime, "channel", { value, configurable: true, writable: true });
}

/** Makes an object print as `label`, its members left as they are. */
export function describeAs<T extends object>(object: T, label: string): T {
  const describe = { value: () => label, configurable: true };
  Object.defineProperty(object, inspect, describe);
  Object.defineProperty(object, "toJSON", describe);
  return object;
}
