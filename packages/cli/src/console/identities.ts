import type { RequestIdentity } from "../stack/index.js";
import type { ConsoleIdentity } from "./contract.js";
import type { ProjectDatabase } from "./project-database.js";
import type { TriggerApi } from "./trigger-api.js";

/** Tells whose rights runs used, with the addresses of the users. */
export class Identities {
  readonly #api: TriggerApi;
  readonly #database: ProjectDatabase;

  constructor(api: TriggerApi, database: ProjectDatabase) {
    this.#api = api;
    this.#database = database;
  }

  async ofRuns(runs: string[]): Promise<Map<string, ConsoleIdentity[]>> {
    if (runs.length === 0) return new Map();
    const { identities } = await this.#api.get<{ identities: Record<string, RequestIdentity[]> }>(
      "/api/v1/run-identities",
      runs.map((run) => ["run", run]),
    );
    const named = await this.name(Object.values(identities).flat());
    return new Map(Object.entries(identities).map(([run, some]) => [run, some.map(named)]));
  }

  /** Looks the users' addresses up, once for all of them. */
  async name(identities: RequestIdentity[]): Promise<(identity: RequestIdentity) => ConsoleIdentity> {
    const users = identities.flatMap((identity) => (identity.kind === "user" ? [identity.userId] : []));
    const emails = await this.#database.emailsOf([...new Set(users)]);
    return (identity) => {
      if (identity.kind === "service") return identity;
      const { userId, initiator } = identity;
      return {
        ...identity,
        email: emails.get(userId) ?? null,
        initiator: initiator === userId ? null : initiator,
      };
    };
  }
}
