// The signed-in user's own access token is sealed into a grant: for this task, this payload, an hour. The task acts as them and as nobody else.
import { tasks } from "npm:@trigger.dev/sdk@^4.8.3";
import { BehalfError, createBehalf } from "npm:behalf@^0.1.0";
import type { writeReport } from "../../../trigger/write-report.ts";

const behalf = createBehalf();

Deno.serve(async (request) => {
  const accessToken = request.headers.get("authorization")?.replace(/^Bearer /i, "") ?? "";
  const { title } = (await request.json()) as { title: string };
  try {
    const { grant } = await behalf.grant({
      accessToken,
      task: "write-report",
      payload: { title },
      expiresIn: "1h",
      initiator: "edge-function:start-report",
    });
    const { id } = await tasks.trigger<typeof writeReport>("write-report", { title, grant });
    return Response.json({ run: id });
  } catch (error) {
    if (error instanceof BehalfError) return Response.json({ code: error.code }, { status: 403 });
    throw error;
  }
});
