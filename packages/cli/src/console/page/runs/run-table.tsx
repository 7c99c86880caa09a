import type { ConsoleRun } from "../../contract.js";
import { Identities } from "../parts/identity.js";
import { StatusBadge } from "../parts/status-badge.js";
import { Tags } from "../parts/tags.js";
import { RelativeTime, RunDuration } from "../parts/time.js";
import { runHref } from "../router.js";

/** Runs, one a row; the row leads to the run's page. */
export function RunTable({ caption, runs }: { caption: string; runs: ConsoleRun[] }) {
  return (
    <table class="rows runs">
      <caption class="unseen">{caption}</caption>
      <thead>
        <tr>
          <th scope="col">Status</th>
          <th scope="col">Task</th>
          <th scope="col">Ran as</th>
          <th scope="col" class="right">
            Duration
          </th>
          <th scope="col" class="right">
            Created
          </th>
        </tr>
      </thead>
      <tbody>
        {runs.map((run) => (
          <RunRow key={run.id} run={run} />
        ))}
      </tbody>
    </table>
  );
}

function RunRow({ run }: { run: ConsoleRun }) {
  const service = run.ranAs.some(({ kind }) => kind === "service");
  return (
    <tr data-row={run.id} class={service ? "by-service" : undefined}>
      <td class="cell-status">
        <StatusBadge status={run.status} />
      </td>
      <th scope="row" class="cell-task">
        <a class="whole-row" data-entry href={runHref(run.id)}>
          {run.task}
        </a>
        <Tags tags={run.tags} />
      </th>
      <td class="cell-identity">
        <Identities run={run} />
      </td>
      <td class="cell-duration right">
        <RunDuration run={run} />
        {run.attempts > 1 && <span class="attempts">{run.attempts} attempts</span>}
      </td>
      <td class="cell-created right quiet">
        <RelativeTime at={run.createdAt} />
      </td>
    </tr>
  );
}
