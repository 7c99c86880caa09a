import type { Endpoints } from "../project/environment.js";
import { printTable } from "./terminal.js";

/** URLs and keys, as `supabase start` prints them. They open this machine's loopback only. */
export function printEndpoints(endpoints: Endpoints): void {
  printTable([
    ["Supabase URL", endpoints.supabaseUrl],
    ["Database URL", endpoints.databaseUrl],
    ["Publishable key", endpoints.publishableKey],
    ["Secret key", endpoints.secretKey],
    ["anon key", endpoints.anonKey],
    ["service_role key", endpoints.serviceRoleKey],
    ["JWT secret", endpoints.jwtSecret],
    ["Trigger.dev API URL", endpoints.triggerApiUrl],
    ["Trigger.dev secret key", endpoints.triggerSecretKey],
    ["Grant key", endpoints.grantKey],
  ]);
}
