import { createClient, type SupabaseClient } from "@supabase/supabase-js";
import type { Database, Tables } from "../../database.types.ts";
import type { PageConfig } from "../server/api.ts";
import type { WatchableRun } from "../server/reports.ts";

export type Expense = Tables<"expenses">;
export type Report = Tables<"reports">;

/** The user's own way to the data (policies decide) and to the server. */
export interface Services {
  config: PageConfig;
  supabase: SupabaseClient<Database>;
  startReport(month: string): Promise<WatchableRun>;
  findUnfinished(): Promise<WatchableRun[]>;
}

export async function connect(): Promise<Services> {
  const config = (await (await fetch("/api/config")).json()) as PageConfig;
  const supabase = createClient<Database>(config.supabaseUrl, config.publishableKey);

  async function ask<T>(method: "GET" | "POST", path: string, body?: unknown): Promise<T> {
    const { data } = await supabase.auth.getSession();
    const response = await fetch(`/api${path}`, {
      method,
      headers: {
        authorization: `Bearer ${data.session?.access_token ?? ""}`,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const answer = (await response.json()) as { message?: string };
    if (!response.ok) throw new Error(answer.message ?? `The server answered ${response.status}.`);
    return answer as T;
  }

  return {
    config,
    supabase,
    startReport: (month) => ask("POST", "/reports", { month }),
    findUnfinished: () => ask("GET", "/runs"),
  };
}
