import type { Behalf } from "behalf";
import type { Project } from "../project/folder.js";
import type { Runtime } from "../runtime/index.js";
import type { Stack } from "../stack/index.js";
import type { Identities } from "./identities.js";
import type { ProjectDatabase } from "./project-database.js";
import type { TriggerApi } from "./trigger-api.js";

/** What the routes share. */
export interface ConsoleContext {
  project: Project;
  stack: Stack;
  runtime: Runtime;
  api: TriggerApi;
  database: ProjectDatabase;
  identities: Identities;
  behalf: Pick<Behalf, "grant" | "mintToken">;
  /** Takes secrets out of what goes to the page. */
  redact<T>(value: T): T;
}
