/** A JWT, or an API key of Supabase or Trigger.dev, wherever it stands in a text. */
const credential =
  /\bey[\w-]{8,}\.ey[\w-]{8,}\.[\w-]{8,}|\b(?:sb_secret|sb_publishable|tr_dev|tr_prod|tr_stg|tr_pat)_\w{8,}/g;

const placeholder = "[redacted]";

/**
 * A value as JSON may show it to a browser: without the credentials that tasks are given, log or return. Besides what looks like one, texts that are
 * known to be secret are taken out.
 */
export function createRedactor(secrets: string[]): <T>(value: T) => T {
  const known = secrets.filter((secret) => secret.length >= 8);
  const clean = (text: string) =>
    known
      .reduce((rest, secret) => rest.replaceAll(secret, placeholder), text)
      .replaceAll(credential, placeholder);
  const redact = (value: unknown): unknown => {
    if (typeof value === "string") return clean(value);
    if (Array.isArray(value)) return value.map(redact);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [clean(key), redact(member)]));
  };
  // By way of JSON, so that dates and the like are what the page will get.
  return <T>(value: T) => redact(JSON.parse(JSON.stringify(value))) as T;
}
