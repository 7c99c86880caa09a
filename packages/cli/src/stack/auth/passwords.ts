import { randomBytes } from "node:crypto";
import type { AuthConfig } from "../config/types.js";
import type { Queryable } from "./database.js";
import { AuthFailure } from "./failure.js";

/** Bcrypt of cost 10 by pgcrypto, as GoTrue stores it: seeds and dumps of hosted projects fit. */
export async function hashPassword(database: Queryable, password: string): Promise<string> {
  const { rows } = await database.query<{ hash: string }>(
    "select extensions.crypt($1, extensions.gen_salt('bf', 10)) as hash",
    [password],
  );
  return rows[0]?.hash as string;
}

export async function matchesPassword(database: Queryable, password: string, hash: string): Promise<boolean> {
  if (!/^\$2[aby]\$/.test(hash)) return false;
  // pgcrypto knows bcrypt as 2a alone; b and y name the same algorithm.
  const { rows } = await database.query<{ same: boolean }>("select extensions.crypt($1, $2) = $2 as same", [
    password,
    hash.replace(/^\$2[by]/, "$2a"),
  ]);
  return rows[0]?.same === true;
}

/** In the form of a hash, and of no password. */
export const unusableHash = () => `$2a$10$${randomBytes(40).toString("hex").slice(0, 53)}`;

/** @throws {AuthFailure} for a password that is weaker than the project asks for, or longer than bcrypt reads. */
export function checkStrength(
  password: string,
  {
    minimumPasswordLength,
    passwordCharacters,
  }: Pick<AuthConfig, "minimumPasswordLength" | "passwordCharacters">,
): void {
  const bytes = Buffer.byteLength(password);
  if (bytes > 72)
    throw new AuthFailure(400, "validation_failed", "Password cannot be longer than 72 characters");
  const isLacking = (characters: string) =>
    ![...characters].some((character) => password.includes(character));
  const weaknesses = [
    ...(bytes < minimumPasswordLength
      ? [{ reason: "length", message: `Password should be at least ${minimumPasswordLength} characters.` }]
      : []),
    ...(passwordCharacters.some(isLacking)
      ? [
          {
            reason: "characters",
            message: `Password should contain at least one character of each: ${passwordCharacters.join(", ")}.`,
          },
        ]
      : []),
  ];
  if (weaknesses.length === 0) return;
  const message = weaknesses.map((weakness) => weakness.message).join(" ");
  const reasons = weaknesses.map(({ reason }) => reason);
  throw new AuthFailure(422, "weak_password", message, { weak_password: { reasons } });
}
