/** What an action needs: one of these resources, or one of the scopes that stand above them. */
export interface Requirement {
  action: string;
  /** Type of resource → ids. */
  resources: Record<string, string[]>;
  superScopes: string[];
  /** Each resource has to be allowed: the answer is about all of them. Otherwise one is enough, by the platform's rule. */
  every?: true;
}

/** Whether scopes such as `read:runs:run_1234` or `trigger:tasks` allow something; one without an id is for all of its type. */
export function allows(scopes: string[], { action, resources, superScopes, every }: Requirement): boolean {
  if (superScopes.some((scope) => scopes.includes(scope))) return true;
  const allowed = Object.entries(resources).flatMap(([type, ids]) =>
    ids.map((id) => scopes.includes(`${action}:${type}:${id}`) || scopes.includes(`${action}:${type}`)),
  );
  return every ? allowed.length > 0 && !allowed.includes(false) : allowed.includes(true);
}
