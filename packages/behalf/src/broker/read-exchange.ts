import type { GrantedRequest } from "../grants/types.js";
import { checkScope } from "../tokens/check-request.js";
import { parseLifetime } from "../tokens/lifetime.js";
import { openActor } from "./actor-token.js";
import type { Client } from "./authenticate.js";
import { OAuthError } from "./oauth-error.js";
import { accessTokenType, actorTokenType, exchangeGrantType, grantTokenType } from "./protocol.js";

const maxBody = 64 * 1024;
const defaultLifetime = 3600;

/** The parameters of a request, each at most once. @throws OAuthError when it is no form of that kind. */
export async function readForm(request: Request): Promise<URLSearchParams> {
  const type = request.headers.get("content-type") ?? "";
  if (!/^application\/x-www-form-urlencoded\s*(?:;|$)/i.test(type))
    throw new OAuthError("invalid_request", "The body is not application/x-www-form-urlencoded.");
  const form = new URLSearchParams(await readText(request));
  const names = [...form.keys()];
  if (new Set(names).size !== names.length)
    throw new OAuthError("invalid_request", "A parameter is given more than once.");
  return form;
}

async function readText(request: Request): Promise<string> {
  let size = 0;
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of (request.body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength;
    if (size > maxBody) throw new OAuthError("invalid_request", "The body is too large.", { status: 413 });
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

/**
 * Reads what a worker asks for (RFC 8693, section 2.1). The grant is opened later.
 *
 * @throws OAuthError when the request is not a token exchange that this broker does.
 */
export async function readExchange(
  form: URLSearchParams,
  client: Client,
  audiences: readonly string[],
): Promise<GrantedRequest> {
  if (form.get("grant_type") !== exchangeGrantType)
    throw new OAuthError("unsupported_grant_type", `The grant_type is not ${exchangeGrantType}.`);
  requireValue(form, "subject_token_type", grantTokenType);
  requireValue(form, "actor_token_type", actorTokenType);
  if (form.has("requested_token_type")) requireValue(form, "requested_token_type", accessTokenType);
  for (const name of ["audience", "resource"]) {
    const target = form.get(name);
    if (target !== null && !audiences.includes(target))
      throw new OAuthError("invalid_target", `The ${name} is not what this broker issues tokens for.`);
  }
  const grant = requireParameter(form, "subject_token");
  const statement = await openActor(requireParameter(form, "actor_token"), grant, client.secret).catch(() => {
    throw new OAuthError("invalid_request", "The actor_token is not this client's statement on this grant.");
  });
  const scope = form.get("scope");
  const lifetime = form.get("lifetime");
  return {
    grant,
    ...statement,
    lifetime: lifetime === null ? defaultLifetime : parseLifetime(Number(lifetime)),
    scope: scope === null ? undefined : checkScope(scope),
  };
}

function requireParameter(form: URLSearchParams, name: string): string {
  const value = form.get(name);
  if (!value) throw new OAuthError("invalid_request", `The parameter ${name} is missing.`);
  return value;
}

function requireValue(form: URLSearchParams, name: string, expected: string): void {
  if (requireParameter(form, name) !== expected)
    throw new OAuthError("invalid_request", `The ${name} is not ${expected}.`);
}
