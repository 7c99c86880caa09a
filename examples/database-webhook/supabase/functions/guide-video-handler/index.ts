// As the public guide writes it, for comparison: whoever has the public anon key says which row is transcribed, and from which video.
import { tasks } from "npm:@trigger.dev/sdk@^4.8.3";
import type { videoProcessAndUpdate } from "../../../trigger/guide/video-process-and-update.ts";

Deno.serve(async (request) => {
  const payload = await request.json();
  const videoUrl = payload.record.video_url;
  const id = payload.record.id;
  await tasks.trigger<typeof videoProcessAndUpdate>("video-process-and-update", { videoUrl, id });
  return new Response("ok");
});
