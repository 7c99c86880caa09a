import { createBehalf } from "behalf";
import { triggerTasks } from "behalf/trigger";
import type { Database } from "../database.types.ts";

export const behalf = createBehalf<Database>();
export const { userTask, serviceTask } = triggerTasks(behalf);
