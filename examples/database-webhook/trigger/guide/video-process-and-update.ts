// As the public guide writes it, for comparison. The service role writes any row, and the payload says which.
import { createClient } from "@supabase/supabase-js";
import { task } from "@trigger.dev/sdk";
import type { Database } from "../../database.types.ts";
import { transcribe } from "../transcribe.ts";

const supabase = createClient<Database>(
  process.env.SUPABASE_PROJECT_URL as string,
  process.env.SUPABASE_SERVICE_ROLE_KEY as string,
);

export const videoProcessAndUpdate = task({
  id: "video-process-and-update",
  run: async (payload: { videoUrl: string; id: number }) => {
    const { videoUrl, id } = payload;
    const transcription = await transcribe(videoUrl);
    const { error } = await supabase.from("video_transcriptions").update({ transcription }).eq("id", id);
    if (error) {
      throw new Error(`Failed to update transcription: ${error.message}`);
    }
    return { message: `Summary of the audio: ${transcription}` };
  },
});
