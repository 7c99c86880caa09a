import type { SupabaseClient } from "@supabase/supabase-js";

/** A client for a project's database types; without them, supabase-js's own untyped client. */
export type BehalfClient<Database> = unknown extends Database ? SupabaseClient : SupabaseClient<Database>;
