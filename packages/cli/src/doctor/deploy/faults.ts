import type { FaultEntry } from "../faults.js";

/** What stands between a project and its deployment. Beside these, `behalf deploy --check` reports the doctor's own findings. */
export const deployFaults = {
  DEPLOY_VARIABLE_MISSING: {
    level: "error",
    why: "Nothing sets the variable, and the code that reads it has no other value.",
    cure: "Set it where the code runs, and in the file of variables that is checked.",
  },
  DEPLOY_LOCAL_VALUE: {
    level: "error",
    why: "The address is this machine's: nothing that is hosted reaches it.",
    cure: "Put the hosted address there.",
  },
  DEPLOY_LOCAL_KEY: {
    level: "error",
    why: "The key is one of a local stack, and a hosted project refuses it.",
    cure: "Copy the hosted project's: Project Settings → API Keys, or JWT Keys.",
  },
  DEPLOY_TRIGGER_KEY: {
    level: "error",
    why: "It is no key of a deployed environment, so what it triggers waits for a `trigger dev` that isn't there, or is refused.",
    cure: "Copy the secret key of Production (tr_prod_…) from the API Keys page of the Trigger.dev dashboard.",
  },
  DEPLOY_FUNCTION_SECRET_NAME: {
    level: "error",
    why: "Supabase keeps names that begin with SUPABASE_ for itself: `supabase secrets set` leaves this one out.",
    cure: "Take it out of the file. behalf also reads BEHALF_JWT_SECRET and BEHALF_SIGNING_KEY.",
  },
  DEPLOY_GRANT_KEY_MISSING: {
    level: "error",
    why: "Grants are sealed with one key and opened with its counterpart, and here is neither that nor a JWT secret to derive it from.",
    cure: "behalf keys new --grant, then BEHALF_GRANT_KEY: the private half where grants are made, the public one for the tasks.",
  },
  DEPLOY_GRANT_KEY_PUBLIC: {
    level: "error",
    why: "Here grants are made, and the public half of a pair can only open them.",
    cure: "Put the private half here, and the public one at the tasks.",
  },
  DEPLOY_GRANT_KEY_PRIVATE: {
    level: "warn",
    why: "The tasks only open grants. With the private half, whoever takes a worker over can make grants for any user.",
    cure: "Give the tasks the public half, in a file of their own: --tasks-env <file>",
  },
  DEPLOY_GRANT_KEY_MISMATCH: {
    level: "error",
    why: "The tasks' key doesn't open what is sealed here: every run ends with ERR_GRANT_SIGNATURE or ERR_GRANT_KEY_UNKNOWN.",
    cure: "Set both from one `behalf keys new --grant`.",
  },
  DEPLOY_GRANT_NOT_REQUIRED: {
    level: "warn",
    why: "The tasks take a plain user id: whoever can trigger them can act as anybody.",
    cure: "Make grants where the user's request is, and set requireGrant: true or BEHALF_REQUIRE_GRANT=true for the tasks.",
  },
  DEPLOY_MIGRATION_PENDING: {
    level: "error",
    why: "The migration isn't applied in the database that SUPABASE_DB_URL names.",
    cure: "supabase db push",
  },
  DEPLOY_MIGRATION_UNKNOWN: {
    level: "warn",
    why: "The database has a migration that isn't on disk, so `supabase db push` will refuse to go on.",
    cure: "supabase db pull, or take the project's newest commit.",
  },
  DEPLOY_SQL_MISSING: {
    level: "error",
    why: "The project's SQL uses schema behalf, and the database lacks a part of it.",
    cure: "behalf sql, then supabase db push",
  },
  DEPLOY_WEBHOOK_LOCAL: {
    level: "error",
    why: "A hosted database sends this webhook to itself, where nobody listens.",
    cure: "Let a new migration name the hosted function: https://<project ref>.supabase.co/functions/v1/…",
  },
  DEPLOY_NO_TRIGGER_CONFIG: {
    level: "error",
    why: "There are tasks and no trigger.config.ts, which `trigger deploy` needs.",
    cure: "behalf init writes one.",
  },
  DEPLOY_PROJECT_REF: {
    level: "error",
    why: "`project` isn't the ref of a Trigger.dev project: proj_ and twenty letters.",
    cure: "Copy it from the project's settings in the Trigger.dev dashboard.",
  },
  DEPLOY_MAX_DURATION: {
    level: "error",
    why: "`trigger deploy` asks for a maxDuration of 5 seconds at least.",
    cure: "maxDuration: 300, or as many seconds as the longest task may take.",
  },
  DEPLOY_PACKAGE_VERSIONS: {
    level: "error",
    why: "The packages of Trigger.dev have different versions, which `trigger deploy` refuses in CI.",
    cure: "npx trigger.dev@latest update",
  },
  DEPLOY_PACKAGE_RANGE: {
    level: "warn",
    why: "A range lets an install bring another version than the one of the Trigger.dev CLI that deploys.",
    cure: "Name one exact version for all packages of Trigger.dev.",
  },
  DEPLOY_SECRET_IN_CODE: {
    level: "error",
    why: "A secret is written into code that is deployed, and goes wherever its bundles go.",
    cure: "Rotate the secret, and read it from the environment.",
  },
  DEPLOY_SECRET_COMMITTED: {
    level: "error",
    why: "The file is part of the repository, or would be with the next commit, and holds a secret.",
    cure: "Rotate the secret, read it from the environment, and add a file that only holds variables to .gitignore.",
  },
} as const satisfies Record<`DEPLOY_${string}`, FaultEntry>;
