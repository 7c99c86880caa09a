// behalf.asUser against the code of the public guide: jsonwebtoken's sign and createClient. No request is sent.
import { createHmac } from "node:crypto";
import { createClient } from "@supabase/supabase-js";
import { createBehalf } from "behalf";
import jwt from "jsonwebtoken";
import { compare, reportRatio } from "./report.mjs";

const url = "http://127.0.0.1:54321";
const jwtSecret = "super-secret-jwt-token-with-at-least-32-characters-long";
const anonKey = legacyKey("anon");
const batch = 50;
const behalf = createBehalf({ environment: {}, url, anonKey, jwtSecret });
// Without it the guide's code throws on Node.js before 22.
const realtime = { transport: globalThis.WebSocket ?? class {} };

function legacyKey(role) {
  const encode = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const input = `${encode({ alg: "HS256", typ: "JWT" })}.${encode({ iss: "supabase-demo", role, exp: 4102444800 })}`;
  return `${input}.${createHmac("sha256", jwtSecret).update(input).digest("base64url")}`;
}

/** As the guide has it, plus what Node.js 20 needs. */
function guide(userId) {
  const token = jwt.sign({ sub: userId }, jwtSecret, { expiresIn: "1h" });
  return createClient(url, anonKey, { global: { headers: { Authorization: `Bearer ${token}` } }, realtime });
}

let users = 0;
const nextUser = () => `11111111-1111-4111-8111-${String(users++).padStart(12, "0")}`;
const repeat = (call) => async () => {
  for (let at = 0; at < batch; at++) await call();
};
const each = ({ ours, theirs }) => ({ ours: ours / batch, theirs: theirs / batch });

const theGuide = repeat(() => guide(nextUser()));
for (let run = 1; run <= 3; run++) {
  const cold = await compare(
    repeat(() => behalf.asUser(nextUser())),
    theGuide,
    { rounds: 60, warmup: 20 },
  );
  reportRatio(`asUser cold, a new user each time, run ${run}`, each(cold), {
    against: "the guide's code",
    goal: 0.5,
  });
}
const known = nextUser();
for (let run = 1; run <= 3; run++) {
  const warm = await compare(
    repeat(() => behalf.asUser(known)),
    theGuide,
    { rounds: 60, warmup: 20 },
  );
  reportRatio(`asUser warm, the same user, run ${run}`, each(warm), {
    against: "the guide's code",
    goal: 0.02,
  });
}

const clients = new Set();
for (let at = 0; at < 100; at++) clients.add(await behalf.asUser(known));
console.log(
  `asUser warm: ${clients.size} client for 100 calls, goal 1 ${clients.size === 1 ? "met" : "MISSED"}`,
);

const used = () => {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed / 2 ** 20;
};
const bounded = createBehalf({ environment: {}, url, anonKey, jwtSecret });
const before = used();
for (let at = 0; at < 1_000; at++) await bounded.asUser(nextUser());
const full = used();
for (let at = 0; at < 9_000; at++) await bounded.asUser(nextUser());
const after = used();
console.log(
  `memory of clients: ${(full - before).toFixed(1)} MB for 1,000 users, ${(after - before).toFixed(1)} MB after 10,000 (the cache holds 1,000)`,
);
