import { BehalfError, createBehalf, type MintedToken } from "behalf";
import { decodeProtectedHeader, type JWK } from "jose";
import type { Environment } from "./environment.js";
import { type Finding, found } from "./finding.js";

/** What the project answered, beside the faults. */
export interface ProjectReport {
  findings: Finding[];
  /** Lines worth showing although nothing is wrong: which key signs, how far the clocks are apart. */
  facts: string[];
}

export interface ProjectOptions {
  /** A table in an exposed schema that `authenticated` may select from, `schema` and `name`; no row of it is read. */
  table?: { schema: string; name: string } | undefined;
}

// The id of no user: whatever answers, there is no row of theirs to be seen.
const nobody = "00000000-0000-4000-8000-000000000000";
const noSuchRole = "behalf_doctor_no_such_role";

/** Asks the project itself: does it take the keys and a minted token, which key signs, and whose clock is off. */
export async function checkProject(
  environment: Environment,
  options: ProjectOptions = {},
): Promise<ProjectReport> {
  const url = (environment.SUPABASE_URL || environment.SUPABASE_PROJECT_URL || "").replace(/\/+$/, "");
  const answer = await ask(`${url}/auth/v1/.well-known/jwks.json`, apiKeyOf(environment) ?? "");
  if (!answer) return { findings: [found("DOCTOR_PROJECT_UNREACHABLE", url)], facts: [] };
  const clock = checkClock(answer);
  const keys = await checkApiKeys(url, environment);
  // A token by a clock that is off would be refused for its times, whatever the key.
  const isComparable = keys.length === 0 && clock.findings.length === 0;
  const tokens = isComparable
    ? await checkTokens(url, environment, { jwks: answer, table: options.table })
    : undefined;
  return {
    findings: [...clock.findings, ...keys, ...(tokens?.findings ?? [])],
    facts: [...clock.facts, ...(tokens?.facts ?? [])],
  };
}

/** Undefined where nothing answers. */
const ask = (
  url: string,
  apiKey: string,
  headers: Record<string, string> = {},
): Promise<Response | undefined> =>
  fetch(url, { headers: { apikey: apiKey, ...headers }, signal: AbortSignal.timeout(20_000) }).catch(
    () => undefined,
  );

const publishable = ["SUPABASE_PUBLISHABLE_KEYS", "SUPABASE_PUBLISHABLE_KEY", "SUPABASE_ANON_KEY"];
const secret = ["SUPABASE_SECRET_KEYS", "SUPABASE_SECRET_KEY", "SUPABASE_SERVICE_ROLE_KEY"];

/** A variable's key; of a variable that holds several, the one named `default`. */
function keyIn(environment: Environment, name: string): string | undefined {
  const value = environment[name];
  return value && name.endsWith("KEYS") ? (JSON.parse(value) as { default?: string }).default : value;
}

function apiKeyOf(environment: Environment): string | undefined {
  return publishable.map((name) => keyIn(environment, name)).find(Boolean);
}

function checkClock(answer: Response): ProjectReport {
  const date = answer.headers.get("date");
  if (date === null || answer.headers.has("age") || Number.isNaN(Date.parse(date)))
    return { findings: [], facts: [] };
  // A Date header is whole seconds and a moment old.
  const seconds = Math.round((Date.parse(date) + 500 - Date.now()) / 1000);
  const text = `${Math.abs(seconds)} s ${seconds > 0 ? "behind" : "ahead of"} the project's`;
  if (Math.abs(seconds) < 5)
    return { findings: [], facts: ["This machine's clock agrees with the project's."] };
  return {
    findings: [found("DOCTOR_CLOCK_SKEW", "this machine", { detail: `The clock here is ${text}.` })],
    facts: [],
  };
}

async function checkApiKeys(url: string, environment: Environment): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const name of [...publishable, ...secret]) {
    const key = keyIn(environment, name);
    if (!key) continue;
    const answer = await ask(`${url}/auth/v1/settings`, key);
    if (answer?.status === 401 || answer?.status === 403)
      findings.push(found("DOCTOR_API_KEY_REFUSED", name));
  }
  return findings;
}

async function checkTokens(
  url: string,
  environment: Environment,
  { jwks, table }: ProjectOptions & { jwks: Response },
): Promise<ProjectReport> {
  const apiKey = apiKeyOf(environment);
  const token = await mint(environment, "authenticated");
  if (!apiKey || !token)
    return { findings: [], facts: ["No key signs tokens here: nothing to try with the project."] };
  const signing = await checkSigningKey(token, jwks);
  if (signing.findings.some(({ level }) => level === "error")) return signing;
  const probe = async (token: string) => {
    const path = table ? `${encodeURIComponent(table.name)}?limit=0` : "";
    return ask(`${url}/rest/v1/${path}`, apiKey, {
      authorization: `Bearer ${token}`,
      ...(table ? { "accept-profile": table.schema } : {}),
    });
  };
  const accepted = await probe(token.token);
  if (accepted?.status === 401)
    return { ...signing, findings: [...signing.findings, found("DOCTOR_TOKEN_REFUSED", url)] };
  // That a role which isn't there is refused shows that the claim decides: a 200 alone could have been anon's.
  const stranger = await mint(environment, noSuchRole);
  const refused = stranger && (await probe(stranger.token));
  if (accepted?.status === 403 || (accepted?.ok && refused?.ok))
    return { ...signing, findings: [...signing.findings, found("DOCTOR_ROLE_UNREACHED", "authenticated")] };
  return accepted?.ok
    ? { ...signing, facts: [...signing.facts, "A minted token reaches the role authenticated."] }
    : signing;
}

async function checkSigningKey({ token }: MintedToken, answer: Response): Promise<ProjectReport> {
  const { alg, kid } = decodeProtectedHeader(token);
  const { keys = [] } = (await answer.json().catch(() => ({}))) as { keys?: JWK[] };
  const name = `${alg} key ${kid}`;
  if (alg === "HS256") {
    return {
      findings: keys.length > 0 ? [found("DOCTOR_SIGNING_LEGACY", "SUPABASE_JWT_SECRET")] : [],
      facts: ["Tokens are signed with the legacy secret (HS256)."],
    };
  }
  const isKnown = keys.some((key) => key.kid === kid);
  return isKnown
    ? { findings: [], facts: [`Tokens are signed with the ${name}, which the project knows.`] }
    : { findings: [found("DOCTOR_SIGNING_KEY_UNKNOWN", name)], facts: [] };
}

/** A token as tasks get it, or undefined where none is minted here: a broker does, or no key is configured. */
async function mint(environment: Environment, role: string): Promise<MintedToken | undefined> {
  try {
    const behalf = createBehalf({ environment, users: "trust", requireGrant: false });
    return await behalf.mintToken(nobody, { role, lifetime: "1m" });
  } catch (error) {
    if (error instanceof BehalfError) return undefined;
    throw error;
  }
}
