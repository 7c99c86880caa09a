/** What the server needs. Nothing here can sign a token: the grant key says who asked, and no more. */
export interface Environment {
  supabaseUrl: string;
  publishableKey: string;
  /** Where pages watch runs: Trigger.dev's API. */
  triggerUrl: string;
}

/** @throws {Error} naming the variable that is missing. */
export function readEnvironment(variables: Record<string, string | undefined>): Environment {
  const read = (name: string) => {
    const value = variables[name];
    if (!value) throw new Error(`${name} is not set. README.md says where its value is found.`);
    return value;
  };
  // Read by behalf and by Trigger.dev's SDK themselves, but later, when somebody asks for something.
  read("BEHALF_GRANT_KEY");
  read("TRIGGER_SECRET_KEY");
  return {
    supabaseUrl: read("SUPABASE_URL"),
    publishableKey: read("SUPABASE_PUBLISHABLE_KEY"),
    triggerUrl: variables.TRIGGER_API_URL || "https://api.trigger.dev",
  };
}
