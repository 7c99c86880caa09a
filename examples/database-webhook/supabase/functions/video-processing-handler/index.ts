// Told by the database of each new or changed video. The secret says that it was the database.
import { tasks } from "npm:@trigger.dev/sdk@^4.8.3";
import type { transcribeVideo } from "../../../trigger/transcribe-video.ts";

interface Told {
  record: { id: number; user_id: string; video_url: string };
}

const secret = Deno.env.get("WEBHOOK_SECRET") ?? "on-this-machine-only";

Deno.serve(async (request) => {
  if (!(await isSame(request.headers.get("x-webhook-secret") ?? "", secret)))
    return new Response("Unauthorized", { status: 401 });
  const { record } = (await request.json()) as Told;
  const { id } = await tasks.trigger<typeof transcribeVideo>("transcribe-video", {
    id: record.id,
    userId: record.user_id,
    videoUrl: record.video_url,
  });
  return Response.json({ run: id });
});

/** Compares digests, whose comparison tells nothing of how much of the secret was right. */
async function isSame(given: string, expected: string): Promise<boolean> {
  const digest = async (text: string) =>
    new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
  const [a, b] = await Promise.all([digest(given), digest(expected)]);
  return a.every((byte, index) => byte === b[index]);
}
