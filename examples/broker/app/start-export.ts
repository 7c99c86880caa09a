import { tasks } from "@trigger.dev/sdk";
import { createBehalf } from "behalf";
import type { exportNotes } from "../trigger/export-notes.ts";

// The app's side: SUPABASE_URL and the private half of BEHALF_GRANT_KEY. It can say who asked, and sign nothing else.
const behalf = createBehalf();

/** A route, such as app/api/export/route.ts: the user asks with their own session. */
export async function POST(request: Request): Promise<Response> {
  const accessToken = request.headers.get("authorization")?.replace(/^Bearer /i, "") ?? "";
  const payload = { format: "text" as const };
  const { grant } = await behalf.grant({ accessToken, task: "export-notes", payload, expiresIn: "1h" });
  const { id } = await tasks.trigger<typeof exportNotes>("export-notes", { ...payload, grant });
  return Response.json({ id }, { status: 202 });
}
