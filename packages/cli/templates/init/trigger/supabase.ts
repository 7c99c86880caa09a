import { createBehalf } from "behalf";
import { triggerTasks } from "behalf/trigger";

export const behalf = createBehalf();
export const { userTask, serviceTask } = triggerTasks(behalf);
