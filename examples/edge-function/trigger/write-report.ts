import { userTask } from "./supabase.ts";

/** Writes a report as the user whom the grant in the payload names. */
export const writeReport = userTask({
  id: "write-report",
  run: async (payload: { title: string; grant: string }, { supabase }) => {
    const { data, error } = await supabase
      .from("reports")
      .insert({ title: payload.title })
      .select("id, user_id")
      .single();
    if (error) throw error;
    return data;
  },
});
