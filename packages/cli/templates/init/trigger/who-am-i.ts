import { userTask } from "./supabase.js";

/** A first task: it acts as the user, so a query here sees what their policies let them see. */
export const whoAmI = userTask({
  id: "who-am-i",
  run: async (_payload: { userId: string }, { userId }) => ({ actsAs: userId }),
  user: (payload) => payload.userId,
});
