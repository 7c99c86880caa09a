import { createBehalf } from "behalf";
import { triggerTasks } from "behalf/trigger";
import type { Database } from "../database.types.ts";

// Nobody's word is taken for who they are: a run needs a grant, sealed where the user's request was.
export const behalf = createBehalf<Database>({ requireGrant: true });
export const { userTask } = triggerTasks(behalf);
