// A query through behalf's user client against the same query through plain supabase-js with a ready token.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startStack } from "@behalf/cli";
import { createClient } from "@supabase/supabase-js";
import { createBehalf } from "behalf";
import { compare, reportRatio } from "./report.mjs";

const ada = "11111111-1111-4111-8111-111111111111";
const directory = await mkdtemp(join(tmpdir(), "behalf-bench-"));
const project = fileURLToPath(new URL("../examples/database-operations", import.meta.url));
const stack = await startStack({ directory, project });
try {
  const { publishableKey, jwtSecret } = stack.keys;
  const behalf = createBehalf({ environment: {}, url: stack.url, publishableKey, jwtSecret });
  const { token } = await behalf.mintToken(ada);
  const plain = createClient(stack.url, publishableKey, {
    auth: { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false },
    accessToken: async () => token,
    realtime: { transport: globalThis.WebSocket ?? class {} },
  });
  const user = await behalf.asUser(ada);
  const query = async (supabase) => {
    const { data, error } = await supabase.from("notes").select("id, body");
    if (error || data.length !== 2) throw new Error(`unexpected: ${JSON.stringify(error ?? data)}`);
  };
  for (let run = 1; run <= 3; run++) {
    const result = await compare(
      () => query(user),
      () => query(plain),
      { rounds: 1500, warmup: 200 },
    );
    reportRatio(`query as a user, run ${run}`, result, { against: "plain supabase-js", goal: 1.03 });
  }
} finally {
  await stack.stop();
  await rm(directory, { recursive: true, force: true });
}
