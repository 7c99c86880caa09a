import { userTask } from "./supabase.ts";

/** Exports the notes of the user who asked. Who that is, is the grant's to say. */
export const exportNotes = userTask({
  id: "export-notes",
  run: async (payload: { format: "text" | "json"; grant: string }, { supabase, userId }) => {
    const { data, error } = await supabase.from("notes").select("body").order("id");
    if (error) throw error;
    const bodies = data.map(({ body }) => body as string);
    return { userId, notes: payload.format === "json" ? bodies : bodies.join("\n") };
  },
});
