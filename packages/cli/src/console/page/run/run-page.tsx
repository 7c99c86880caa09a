import type { ConsoleRunPage } from "../../contract.js";
import { Failure } from "../parts/failure.js";
import { Heading } from "../parts/heading.js";
import { Loading } from "../parts/loading.js";
import { RunTable } from "../runs/run-table.js";
import { useAnnouncedRuns } from "../runs/use-announced-runs.js";
import { lookOf } from "../status.js";
import { useData } from "../use-data.js";
import { AuditEntries } from "./audit-entries.js";
import { RunData } from "./run-data.js";
import { RunError } from "./run-error.js";
import { RunHeader } from "./run-header.js";
import { Timeline } from "./timeline.js";

/** Everything about one run. */
export function RunPage({ id }: { id: string }) {
  const { value: page, error } = useData<ConsoleRunPage>(
    `/api/runs/${encodeURIComponent(id)}`,
    ({ runs }, known) =>
      !known ||
      !lookOf(known.run.status).ended ||
      [known.run, ...known.children].some((run) => runs.includes(run.id)),
  );
  useAnnouncedRuns(page && [page.run]);
  if (!page) {
    return (
      <>
        <Heading title={error ? "No run to show" : id} />
        {error ? <Failure error={error} /> : <Loading />}
      </>
    );
  }
  return (
    <article class="run">
      <RunHeader page={page} />
      <Failure error={error} />
      {page.error && <RunError error={page.error} />}
      <div class="columns">
        <Timeline events={page.events} run={page.run} />
        <RunData page={page} />
      </div>
      {page.children.length > 0 && (
        <section>
          <h2>Runs it started</h2>
          <RunTable caption="Runs it started" runs={page.children} />
        </section>
      )}
      {page.audit && <AuditEntries entries={page.audit} ranAs={page.run.ranAs} />}
    </article>
  );
}
