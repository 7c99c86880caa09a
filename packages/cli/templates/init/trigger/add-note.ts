import { userTask } from "./supabase.js";

export const addNote = userTask({
  id: "add-note",
  run: async (payload: { userId: string; body: string }, { supabase }) => {
    const { data, error } = await supabase.from("notes").insert({ body: payload.body }).select().single();
    if (error) throw error;
    return data;
  },
  user: (payload) => payload.userId,
});
