/** What an action needs: one of these resources, or one of the scopes that stand above them. */
export interface Requirement {
  action: string;
  /** Type of resource → ids. */
  resources: Record<string, string[]>;
  superScopes: string[];
}

/**
 * Whether scopes such as `read:runs:run_1234` or `trigger:tasks` allow something, by the platform's rule: one matching resource is
 * enough, and a scope without an id is for all of its type.
 */
export function allows(scopes: string[], { action, resources, superScopes }: Requirement): boolean {
  if (superScopes.some((scope) => scopes.includes(scope))) return true;
  return Object.entries(resources).some(([type, ids]) =>
    ids.some((id) => scopes.includes(`${action}:${type}:${id}`) || scopes.includes(`${action}:${type}`)),
  );
}
