import { AbortTaskRunError } from "@trigger.dev/sdk";
import { serviceTask } from "./supabase.ts";

const plans = ["hobby", "pro", "enterprise"] as const;
type Plan = (typeof plans)[number];

/** The guide's second task, as the service role: on record, with the reason it needs to see every row. */
export const updateUserSubscription = serviceTask({
  id: "update-user-subscription",
  reason: "a payment decides the plan, not the user",
  run: async (payload: { userId: string; newPlan: Plan }, { supabase }) => {
    const { userId, newPlan } = payload;
    if (!plans.includes(newPlan)) {
      throw new AbortTaskRunError(
        `Invalid plan type: ${newPlan}. Allowed types are 'hobby', 'pro', or 'enterprise'`,
      );
    }
    const { data, error } = await supabase
      .from("user_subscriptions")
      .update({ plan: newPlan, updated_at: new Date().toISOString() })
      .eq("user_id", userId)
      .select("plan")
      .single();
    if (error) throw new Error(`Failed to update user subscription: ${error.message}`);
    return { userId, plan: data.plan };
  },
});
