import type { ConsoleIdentity, ConsoleRun } from "../../contract.js";
import { lookOf } from "../status.js";
import { Icon } from "./icon.js";

/** Whose rights were used. The service role, which no policy stops, looks like nothing else on the page. */
export function Identity({ identity }: { identity: ConsoleIdentity }) {
  if (identity.kind === "service") {
    return (
      <span class="identity service">
        <span class="service-role">
          <Icon name="key" />
          service role
        </span>
        <span class="reason">{identity.reason ?? "no reason given"}</span>
      </span>
    );
  }
  const { email, userId, role, initiator } = identity;
  return (
    <span class="identity user" title={`${userId} · ${role}`}>
      <Icon name="person" />
      <span class={email ? "who" : "who mono"}>{email ?? userId}</span>
      {role !== "authenticated" && <span class="mono quiet">{role}</span>}
      {initiator && <span class="quiet">asked by {initiator}</span>}
    </span>
  );
}

/** Everyone a run acted as; no one, while it has asked Supabase for nothing. */
export function Identities({ run }: { run: ConsoleRun }) {
  const { ranAs, status } = run;
  if (ranAs.length === 0) return <span class="quiet">{lookOf(status).ended ? "no one" : "no one yet"}</span>;
  return (
    <span class="identities">
      {ranAs.map((identity) => (
        <Identity key={JSON.stringify(identity)} identity={identity} />
      ))}
    </span>
  );
}
