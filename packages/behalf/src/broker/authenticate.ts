import { OAuthError } from "./oauth-error.js";

/** The workers that may ask: client id → its secrets, several while one is being replaced. */
export type Clients = ReadonlyMap<string, readonly string[]>;

/** A worker that has proved who it is, and the secret that it did so with. */
export interface Client {
  readonly id: string;
  readonly secret: string;
}

/**
 * Authenticates a worker by `client_secret_basic` (RFC 6749, section 2.3.1).
 *
 * @throws OAuthError `invalid_client` when it is not one of the clients.
 */
export async function authenticate(request: Request, clients: Clients): Promise<Client> {
  const given = readBasic(request.headers.get("authorization"));
  const digest = await digestOf(given?.secret ?? "");
  let proved: Client | undefined;
  // Every secret is compared, and all of each: how long it takes tells nothing.
  for (const [id, secrets] of clients)
    for (const secret of secrets) {
      const isSecret = isEqual(digest, await digestOf(secret));
      if (isSecret && id === given?.id) proved = { id, secret };
    }
  if (proved) return proved;
  throw new OAuthError("invalid_client", "The client is unknown or its secret is wrong.", {
    status: 401,
    headers: { "www-authenticate": 'Basic realm="behalf broker", charset="UTF-8"' },
    code: "ERR_BROKER_CLIENT_REFUSED",
  });
}

/** The header of `client_secret_basic`: both parts form-encoded, then Base64. */
export function basicHeader(id: string, secret: string): string {
  const encode = (text: string) => encodeURIComponent(text).replaceAll("%20", "+");
  return `Basic ${btoa(`${encode(id)}:${encode(secret)}`)}`;
}

function readBasic(header: string | null): Client | undefined {
  const encoded = /^Basic ([A-Za-z0-9+/=]{1,4096})$/i.exec(header ?? "")?.[1];
  if (encoded === undefined) return undefined;
  try {
    const [, id, secret] = /^([^:]*):(.*)$/s.exec(atob(encoded)) ?? [];
    const decode = (text = "") => decodeURIComponent(text.replaceAll("+", " "));
    return { id: decode(id), secret: decode(secret) };
  } catch {
    return undefined;
  }
}

async function digestOf(text: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  let difference = 0;
  for (let at = 0; at < a.length; at++) difference |= (a[at] ?? 0) ^ (b[at] ?? 0);
  return difference === 0;
}
