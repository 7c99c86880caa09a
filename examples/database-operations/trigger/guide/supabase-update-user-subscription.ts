// As the public guide writes it, for comparison.
import { createClient } from "@supabase/supabase-js";
import { AbortTaskRunError, task } from "@trigger.dev/sdk";
import type { Database } from "../../database.types.ts";

type PlanType = "hobby" | "pro" | "enterprise";

const supabase = createClient<Database>(
  process.env.SUPABASE_PROJECT_URL as string,
  process.env.SUPABASE_SERVICE_ROLE_KEY as string,
);

export const supabaseUpdateUserSubscription = task({
  id: "guide-update-user-subscription",
  run: async (payload: { userId: string; newPlan: PlanType }) => {
    const { userId, newPlan } = payload;
    if (!["hobby", "pro", "enterprise"].includes(newPlan)) {
      throw new AbortTaskRunError(
        `Invalid plan type: ${newPlan}. Allowed types are 'hobby', 'pro', or 'enterprise'`,
      );
    }
    const { error } = await supabase
      .from("user_subscriptions")
      .update({ plan: newPlan })
      .eq("user_id", userId);
    if (error) {
      throw new Error(`Failed to update user subscription: ${error.message}`);
    }
    return { message: `User ${userId} subscription updated successfully to ${newPlan}` };
  },
});
