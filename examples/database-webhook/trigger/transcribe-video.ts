import { userTask } from "./supabase.ts";
import { transcribe } from "./transcribe.ts";

/** Has a video transcribed, and writes the text into the row, as the row's owner. */
export const transcribeVideo = userTask({
  id: "transcribe-video",
  run: async ({ id, videoUrl }: { id: number; userId: string; videoUrl: string }, { supabase }) => {
    const transcription = await transcribe(videoUrl);
    const { data, error } = await supabase
      .from("video_transcriptions")
      .update({ transcription })
      .eq("id", id)
      .select("id")
      .single();
    if (error) throw error;
    return { id: data.id, transcription };
  },
  user: (payload) => payload.userId,
});
