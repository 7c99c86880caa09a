// What a grant costs: sealing it in the app, acting on it in the worker, exchanging it at a broker. Against bare jose
// doing the same signatures, with the same keys and claims, and nothing else.
import { createBehalf } from "behalf";
import { createBroker } from "behalf/broker";
import { exportJWK, generateKeyPair, importJWK, jwtVerify, SignJWT } from "jose";
import { compare, reportRatio } from "./report.mjs";

const url = "https://abcdefghijklmnopqrst.supabase.co";
const publishableKey = "sb_publishable_ACJWlzQHlZjBrEguHvfOxg_3BJgxAaH";
const jwtSecret = "super-secret-jwt-token-with-at-least-32-characters-long";
const secret = "the-secret-that-the-worker-shares-with-the-broker";
const ada = "11111111-1111-4111-8111-111111111111";
const actor = { sub: "export-notes", run: "run_1", attempt: 1 };
const payload = { format: "csv", months: [1, 2, 3] };

const { privateKey, publicKey } = await generateKeyPair("ES256", { extractable: true });
const named = { kid: "grants-1", alg: "ES256" };
const jwks = {
  app: { ...(await exportJWK(privateKey)), ...named },
  worker: { ...(await exportJWK(publicKey)), ...named },
};
const token = await importJWK({ kty: "oct", k: Buffer.from(jwtSecret).toString("base64url") }, "HS256");
const kinds = {
  "derived key (HS256)": { app: {}, worker: {}, seal: token, open: token, alg: "HS256" },
  "key pair (ES256)": {
    app: { grantKey: jwks.app },
    worker: { grantKey: jwks.worker },
    seal: privateKey,
    open: publicKey,
    alg: "ES256",
  },
};

for (const [name, kind] of Object.entries(kinds)) {
  const project = { environment: {}, url, publishableKey, jwtSecret };
  const app = createBehalf({ ...project, ...kind.app });
  const worker = createBehalf({ ...project, ...kind.worker });
  const { token: accessToken } = await app.mintToken(ada);
  const seal = () => app.grant({ accessToken, task: "export-notes", payload, expiresIn: "1h" });
  const { grant, claims } = await seal();
  const use = () => worker.mintToken({ grant, payload }, { actor });
  const minted = await use();

  const sign = (claims, key, alg) => new SignJWT(claims).setProtectedHeader({ alg, typ: "JWT" }).sign(key);
  const bareSeal = async () => {
    await jwtVerify(accessToken, token);
    return sign({ ...claims }, kind.seal, kind.alg);
  };
  const bareGrant = await bareSeal();
  const bareUse = async () => {
    await jwtVerify(bareGrant, kind.open);
    return sign({ ...minted.claims }, token, "HS256");
  };
  const rounds = { rounds: 2000, warmup: 200 };
  const against = "bare jose";
  reportRatio(`grant sealed, ${name}`, await compare(seal, bareSeal, rounds), { against, goal: 2 });
  reportRatio(`grant opened and token minted, ${name}`, await compare(use, bareUse, rounds), {
    against,
    goal: 2,
  });

  const broker = createBroker({
    environment: {},
    url,
    jwtSecret,
    ...kind.worker,
    clients: { worker: secret },
    rateLimit: false,
  });
  const remote = createBehalf({
    environment: {},
    url,
    publishableKey,
    broker: { url: `${url}/functions/v1/broker`, secret },
    fetch: (input, init) => broker(new Request(input, init)),
  });
  const exchange = () => remote.mintToken({ grant, payload }, { actor });
  reportRatio(
    `grant exchanged at a broker without a network, ${name}`,
    await compare(exchange, use, rounds),
    {
      against: "opened here",
    },
  );
}
