import { createBehalf } from "behalf";
import { triggerTasks } from "behalf/trigger";

/**
 * The worker's side. It has SUPABASE_URL, SUPABASE_PUBLISHABLE_KEY and BEHALF_BROKER_SECRET, and no key that could make
 * or change a token.
 */
export const behalf = createBehalf({
  broker: { url: `${process.env.SUPABASE_URL}/functions/v1/broker` },
  requireGrant: true,
});
export const { userTask } = triggerTasks(behalf);
