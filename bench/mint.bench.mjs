// Minting and verifying a token by behalf, against the bare libraries signing the same claims with the same key.
import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign,
  timingSafeEqual,
  verify,
} from "node:crypto";
import { createRequire } from "node:module";
import { createBehalf } from "behalf";
import { createSigner, createVerifier } from "fast-jwt";
import jwt from "jsonwebtoken";
import { compare, reportRatio } from "./report.mjs";

// The version that behalf itself uses; another may lie in the workspace's root.
const { jwtVerify, SignJWT } = await import(
  createRequire(createRequire(import.meta.url).resolve("behalf")).resolve("jose")
);

const url = "http://127.0.0.1:54321";
const publishableKey = "sb_publishable_ACJWlzQHlZjBrEguHvfOxg_3BJgxAaH";
const secret = "super-secret-jwt-token-with-at-least-32-characters-long";
const user = "11111111-1111-4111-8111-111111111111";
const kid = "key-1";
const batch = 20;

const algorithms = {
  HS256: undefined,
  ES256: generateKeyPairSync("ec", { namedCurve: "P-256" }),
  RS256: generateKeyPairSync("rsa", { modulusLength: 2048 }),
  EdDSA: generateKeyPairSync("ed25519"),
};

/** Signers and verifiers of one algorithm, by library. Keys are imported beforehand, as a program that lasts does. */
async function libraries(alg, pair) {
  const pem = pair && {
    private: pair.privateKey.export({ type: "pkcs8", format: "pem" }),
    public: pair.publicKey.export({ type: "spki", format: "pem" }),
  };
  const header = { alg, typ: "JWT", ...(pair ? { kid } : {}) };
  const encode = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const digest = alg === "EdDSA" ? null : "sha256";
  const keys = pair && {
    private: { key: createPrivateKey(pem.private), dsaEncoding: "ieee-p1363" },
    public: { key: createPublicKey(pem.public), dsaEncoding: "ieee-p1363" },
  };
  const signNode = (input) =>
    pair
      ? sign(digest, Buffer.from(input), keys.private)
      : createHmac("sha256", secret).update(input).digest();
  const joseKeys = pair
    ? { private: pair.privateKey, public: pair.publicKey }
    : await crypto.subtle
        .importKey("raw", Buffer.from(secret), { name: "HMAC", hash: "SHA-256" }, false, ["sign", "verify"])
        .then((key) => ({ private: key, public: key }));
  const signFast = createSigner({ key: pem?.private ?? secret, algorithm: alg, ...(pair ? { kid } : {}) });
  const verifyFast = createVerifier({ key: pem?.public ?? secret, algorithms: [alg], cache: false });
  return {
    "node:crypto": {
      mint: (claims) => {
        const input = `${encode(header)}.${encode(claims)}`;
        return `${input}.${signNode(input).toString("base64url")}`;
      },
      check: (token) => {
        const [head, body, signature] = token.split(".");
        const bytes = Buffer.from(signature, "base64url");
        const valid = pair
          ? verify(digest, Buffer.from(`${head}.${body}`), keys.public, bytes)
          : timingSafeEqual(signNode(`${head}.${body}`), bytes);
        if (!valid) throw new Error("invalid");
        return JSON.parse(Buffer.from(body, "base64url"));
      },
    },
    "fast-jwt": { mint: (claims) => signFast(claims), check: (token) => verifyFast(token) },
    jose: {
      mint: (claims) => new SignJWT(claims).setProtectedHeader(header).sign(joseKeys.private),
      check: (token) => jwtVerify(token, joseKeys.public, { algorithms: [alg] }),
    },
    ...(alg === "EdDSA"
      ? {} // jsonwebtoken has no EdDSA
      : {
          jsonwebtoken: {
            mint: (claims) =>
              jwt.sign(claims, pem?.private ?? secret, { algorithm: alg, ...(pair ? { keyid: kid } : {}) }),
            check: (token) => jwt.verify(token, pem?.public ?? secret, { algorithms: [alg] }),
          },
        }),
  };
}

const repeat = (call) => async () => {
  for (let at = 0; at < batch; at++) await call();
};
const each = ({ ours, theirs }) => ({ ours: ours / batch, theirs: theirs / batch });

for (const [alg, pair] of Object.entries(algorithms)) {
  const signingKey = pair && { ...pair.privateKey.export({ format: "jwk" }), kid, alg };
  const behalf = createBehalf({
    environment: {},
    url,
    publishableKey,
    ...(signingKey ? { signingKey } : { jwtSecret: secret }),
  });
  const { claims } = await behalf.mintToken(user);
  for (const [library, { mint, check }] of Object.entries(await libraries(alg, pair))) {
    const both = await compare(
      repeat(() => behalf.mintToken(user)),
      repeat(async () => check(await mint({ ...claims }))),
      { rounds: 25, warmup: 5 },
    );
    reportRatio(`mint and verify ${alg}`, each(both), { against: `${library} signing and verifying` });
  }
}
