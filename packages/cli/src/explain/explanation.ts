import type { Verb } from "../doctor/schema/types.js";

export type Verdict = "allowed" | "empty" | "refused" | "depends";

interface CauseEntry {
  readonly verdict: Verdict;
  readonly why: string;
  readonly cure: string;
}

/** Every cause that `behalf explain` tells, with what it means and what to do about it. */
export const causes = {
  EXPLAIN_ALLOWED: {
    verdict: "allowed",
    why: "Grants and policies let it through.",
    cure: "Nothing to do.",
  },
  EXPLAIN_RLS_OFF: {
    verdict: "allowed",
    why: "Row Level Security is off: with the grant, every row is theirs.",
    cure: "alter table … enable row level security; and write its policies.",
  },
  EXPLAIN_VIEW: {
    verdict: "depends",
    why: "It is a view, and what it shows is decided by the tables below.",
    cure: "Explain those tables.",
  },
  EXPLAIN_DEFINER_VIEW: {
    verdict: "allowed",
    why: "It is a view that reads with its owner's rights: the policies of the tables below don't apply to whoever asks.",
    cure: "alter view … set (security_invoker = true); then explain the tables below.",
  },
  EXPLAIN_NO_TABLE: {
    verdict: "refused",
    why: "There is no such table.",
    cure: "Check the name, and the schema before it (public by default).",
  },
  EXPLAIN_NOT_EXPOSED: {
    verdict: "refused",
    why: "The API doesn't serve this schema.",
    cure: "Add it to the exposed schemas (Project Settings → Data API, or [api] schemas in supabase/config.toml).",
  },
  EXPLAIN_NO_ROLE: {
    verdict: "refused",
    why: "The API can't become this role: it isn't there, or wasn't granted to authenticator.",
    cure: "create role … nologin; grant … to authenticator;",
  },
  EXPLAIN_REVOKED: {
    verdict: "refused",
    why: "The work was revoked: its grant, its run, or everything that tasks do for this user.",
    cure: "select behalf.unrevoke(…) if that was a mistake. behalf.revocations says when and why.",
  },
  EXPLAIN_PRE_REQUEST: {
    verdict: "refused",
    why: "The function that PostgREST calls before each request refuses.",
    cure: "Look at the function that pgrst.db_pre_request of the role authenticator names.",
  },
  EXPLAIN_SCHEMA_GRANT_MISSING: {
    verdict: "refused",
    why: "The role may not use the schema (42501).",
    cure: "grant usage on schema … to …;",
  },
  EXPLAIN_GRANT_MISSING: {
    verdict: "refused",
    why: "The role has no grant for it (42501), whatever the policies say.",
    cure: "grant … on … to …;",
  },
  EXPLAIN_NARROWED: {
    verdict: "empty",
    why: "The table is narrowed, and the scope of this work doesn't name it with this verb.",
    cure: 'Ask for it: asUser(id, { scope: "public.notes:select" }), or in the grant that the user gives.',
  },
  EXPLAIN_NO_POLICY: {
    verdict: "empty",
    why: "Row Level Security is on, and no policy is for this role and verb.",
    cure: "create policy … for … to …;",
  },
  EXPLAIN_CLAIM_MISSING: {
    verdict: "empty",
    why: "The policy reads a claim that the token doesn't carry.",
    cure: 'asUser(id, { claims: { … } }), or BEHALF_USERS="lookup" for email, phone, app_metadata and user_metadata.',
  },
  EXPLAIN_POLICY_REFUSES: {
    verdict: "empty",
    why: "A condition of the policy that has nothing to do with the row doesn't hold.",
    cure: "Change the policy, or ask as whom it is for.",
  },
  EXPLAIN_POLICY_FAILS: {
    verdict: "refused",
    why: "The policy itself fails with an error.",
    cure: "Let the role do what the policy does: a function with its owner's rights in a schema that isn't exposed is the usual way.",
  },
  EXPLAIN_NO_ROWS: {
    verdict: "empty",
    why: "No row passes the policies for this user. Whether the table holds others is not theirs to know, nor told here.",
    cure: "Look at the rows as their owner would: is the column that the policy compares what it should be?",
  },
  EXPLAIN_DEPENDS_ON_ROW: {
    verdict: "depends",
    why: "It depends on the row's values.",
    cure: 'Try a row: --row \'{"user_id": "…"}\'.',
  },
  EXPLAIN_ROW_REFUSED: {
    verdict: "refused",
    why: "This row doesn't pass the policy's check (42501).",
    cure: "Write a row that the condition holds for, or change the policy.",
  },
} as const satisfies Record<`EXPLAIN_${string}`, CauseEntry>;

export type Cause = keyof typeof causes;

/** What became of one policy that is for this role and verb. */
export interface PolicyOutcome {
  readonly name: string;
  readonly permissive: boolean;
  readonly verb: Verb | "all";
  readonly condition: string;
  /** `row`: it depends on the row. `fails`: it ends with an error. */
  readonly outcome: "passes" | "refuses" | "row" | "fails";
  /** The part of the condition that decided, where it is not the whole. */
  readonly because?: string;
}

/** What `behalf explain --json` prints. */
export interface Explanation {
  readonly table: string;
  readonly verb: Verb;
  readonly role: string;
  readonly user: string;
  readonly task: string | null;
  readonly verdict: Verdict;
  readonly cause: Cause;
  readonly why: string;
  readonly cure: string;
  /** The policies that decide, in the order of their names. */
  readonly policies: PolicyOutcome[];
  readonly notes: string[];
}

/** A cause with what is to be said of this one case. */
export interface Finding {
  readonly cause: Cause;
  readonly detail?: string | undefined;
  readonly cure?: string | undefined;
  readonly verdict?: Verdict;
}
