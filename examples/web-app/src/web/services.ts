import { createClient, type SupabaseClient } from "@supabase/supabase-js";
import type { Database, Tables } from "../../database.types.ts";
import type { PageConfig } from "../server/api.ts";
import type { WatchableRun } from "../server/reports.ts";

/** Of the view `behalf.audit_log`, what the page shows. */
export type AuditRow = {
  statement_id: number;
  entry: number;
  ordinal: number;
  at: string;
  table_name: string;
  operation: "INSERT" | "UPDATE" | "DELETE" | "TRUNCATE";
  old_values: Record<string, unknown> | null;
  new_values: Record<string, unknown> | null;
  role: string;
  user_id: string | null;
  task: string | null;
  run_id: string | null;
};

type WithAudit = Database & {
  behalf: {
    Tables: Record<never, never>;
    Views: { audit_log: { Row: AuditRow; Relationships: [] } };
    Functions: Record<never, never>;
  };
};

export type Expense = Tables<"expenses">;
export type Report = Tables<"reports">;

/** The user's own way to the data (policies decide) and to the server. */
export interface Services {
  config: PageConfig;
  supabase: SupabaseClient<WithAudit>;
  startReport(month: string): Promise<WatchableRun>;
  findUnfinished(): Promise<WatchableRun[]>;
}

export async function connect(): Promise<Services> {
  const config = (await (await fetch("/api/config")).json()) as PageConfig;
  const supabase = createClient<WithAudit>(config.supabaseUrl, config.publishableKey);

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
