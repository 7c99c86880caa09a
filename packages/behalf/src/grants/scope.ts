import { GrantError } from "../errors.js";
import { checkScope } from "../tokens/check-request.js";

/**
 * The scope of what is asked for, within what is allowed. Nothing asked for: all that is allowed. Nothing said about
 * what is allowed: everything is.
 *
 * @throws GrantError when a word is asked for that isn't allowed.
 */
export function narrowScope(
  allowed: string | undefined,
  asked: string | readonly string[] | undefined,
): string | undefined {
  if (asked === undefined) return allowed;
  const scope = checkScope(asked);
  if (allowed === undefined) return scope;
  const words = new Set(allowed.split(" "));
  if (!scope.split(" ").every((word) => words.has(word)))
    throw new GrantError(
      "ERR_GRANT_SCOPE",
      "The scope asks for more than is granted. Ask for words of the granted scope alone, or leave it out.",
    );
  return scope;
}
