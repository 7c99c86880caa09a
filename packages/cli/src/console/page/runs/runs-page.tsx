import type { ConsoleRuns } from "../../contract.js";
import { Empty } from "../parts/empty.js";
import { Failure } from "../parts/failure.js";
import { Heading } from "../parts/heading.js";
import { Loading } from "../parts/loading.js";
import { hrefOf } from "../router.js";
import { useData } from "../use-data.js";
import { RunFilters } from "./run-filters.js";
import { RunTable } from "./run-table.js";
import { useAnnouncedRuns } from "./use-announced-runs.js";

/** The runs, newest first; the address holds the filters. */
export function RunsPage({ query }: { query: URLSearchParams }) {
  const asked = Object.fromEntries(["status", "task", "tag", "after"].map((name) => [name, query.get(name)]));
  const { value, error } = useData<ConsoleRuns>(
    hrefOf("/api/runs", asked),
    (change) => change.runs.length > 0,
  );
  const { after, ...filters } = asked;
  useAnnouncedRuns(value?.runs);
  const filtered = Object.values(filters).some(Boolean);
  return (
    <>
      <div class="title-line">
        <Heading title="Runs" />
        <RunFilters filters={filters} />
      </div>
      <Failure error={error} />
      {!value && !error && <Loading />}
      {value && value.runs.length > 0 && <RunTable caption="Runs, newest first" runs={value.runs} />}
      {value?.runs.length === 0 && (
        <Empty>
          {filtered ? "No run matches these filters. " : "Nothing has run yet. "}
          {filtered ? <a href="/runs">Show all runs</a> : <a href="/tasks">Run a task</a>}
        </Empty>
      )}
      <nav class="pager" aria-label="Older and newer runs">
        {after && <a href={hrefOf("/runs", filters)}>Newest runs</a>}
        {value?.next && <a href={hrefOf("/runs", { ...filters, after: value.next })}>Older runs</a>}
      </nav>
    </>
  );
}
