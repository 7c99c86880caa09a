import { userTask } from "./supabase.ts";

/** The guide's first task, as the user: the insert passes through Row Level Security. */
export const addNewUser = userTask({
  id: "add-new-user",
  run: async (payload: { userId: string }, { supabase }) => {
    const { error } = await supabase.from("user_subscriptions").insert({ user_id: payload.userId });
    if (error) throw new Error(`Failed to insert user: ${error.message}`);
    return { message: `New user added successfully: ${payload.userId}` };
  },
  user: (payload) => payload.userId,
});
