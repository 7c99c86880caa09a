import { generateKeyPairSync, randomUUID } from "node:crypto";
import type { JWK } from "jose";
import { print, printError, printJson } from "./terminal.js";

const pairs = {
  ES256: () => generateKeyPairSync("ec", { namedCurve: "P-256" }),
  RS256: () => generateKeyPairSync("rsa", { modulusLength: 2048 }),
  EdDSA: () => generateKeyPairSync("ed25519"),
} as const;

export interface NewKeyOptions {
  alg: keyof typeof pairs;
  grant?: boolean;
  json?: boolean;
}

/**
 * `behalf keys new`: makes a key that signs tokens, in the form that Supabase imports, or with --grant one that seals
 * grants. The key goes to standard output, what to do with it to standard error: nothing is stored.
 */
export function newKey({ alg, grant, json }: NewKeyOptions): void {
  const { privateJwk, publicJwk } = generateJwks(alg);
  if (json) {
    printJson({ private: privateJwk, public: publicJwk });
  } else {
    print(JSON.stringify(privateJwk));
    if (grant) print(JSON.stringify(publicJwk));
    for (const line of grant ? grantSteps : signingSteps(alg)) printError(line);
  }
}

function generateJwks(alg: keyof typeof pairs): { privateJwk: JWK; publicJwk: JWK } {
  const { privateKey, publicKey } = pairs[alg]();
  const named = { kid: randomUUID(), use: "sig", alg };
  return {
    // As `supabase gen signing-key` writes it.
    privateJwk: {
      ...named,
      key_ops: ["sign", "verify"],
      ext: true,
      ...(privateKey.export({ format: "jwk" }) as JWK),
    },
    publicJwk: { ...named, key_ops: ["verify"], ext: true, ...(publicKey.export({ format: "jwk" }) as JWK) },
  };
}

const signingSteps = (alg: string) => [
  "",
  "Above is a private key: whoever has it can act as every user. Keep it in a secret store.",
  ...(alg === "EdDSA"
    ? ["Hosted Supabase imports ES256 and RS256 only: this one is for a project of your own."]
    : []),
  "",
  "1. Supabase dashboard → Project Settings → JWT Keys → Create standby key → Import an existing private key.",
  "   On this machine: put it first into the file of [auth] signing_keys_path in supabase/config.toml, a JSON array.",
  "2. Set it as SUPABASE_SIGNING_KEY (in an Edge Function: BEHALF_SIGNING_KEY) where tokens are minted. While it is on",
  "   standby, its tokens verify already. During a rotation give both keys, the new one first: [new, old].",
  "3. Rotate in the dashboard: standby → in use. Tokens of the old key are good until they expire.",
  "4. After an hour (or your longest token lifetime) take the old key out of SUPABASE_SIGNING_KEY, and revoke it.",
];

const grantSteps = [
  "",
  "The first line is private: it makes grants. Set it as BEHALF_GRANT_KEY in the app.",
  "The second line is public: it opens them. Set it as BEHALF_GRANT_KEY in the workers, or in the broker.",
  'To replace an older pair give both, the new one first: {"keys":[new,old]}, workers before the app.',
];
