import type { ConsoleRuns, ConsoleTasks } from "../../contract.js";
import { Empty } from "../parts/empty.js";
import { Failure } from "../parts/failure.js";
import { Heading } from "../parts/heading.js";
import { Loading } from "../parts/loading.js";
import { hrefOf } from "../router.js";
import { RunTable } from "../runs/run-table.js";
import { useData } from "../use-data.js";
import { FileProblems } from "./file-problems.js";
import { RunForm } from "./run-form.js";

/** A task: the form that runs it, and its last runs. */
export function TaskPage({ id }: { id: string }) {
  const { value, error } = useData<ConsoleTasks>("/api/tasks", (change) => change.tasks);
  const recent = useData<ConsoleRuns>(
    hrefOf("/api/runs", { task: id, size: "10" }),
    ({ runs }) => runs.length > 0,
  );
  const task = value?.tasks.find((one) => one.id === id);
  return (
    <>
      <Heading title={id} />
      {task && (
        <p class="subtitle quiet">
          {task.description && <span>{task.description}</span>}
          <span class="mono">{task.file}</span>
          <span>
            queue <span class="mono">{task.queue}</span>
          </span>
          {task.schedule && <span class="mono">{`${task.schedule.cron} ${task.schedule.timezone}`}</span>}
        </p>
      )}
      <Failure error={error ?? recent.error} />
      {value && <FileProblems problems={value.problems} />}
      {!value && !error && <Loading />}
      {value && !task && <Empty>The project has no task of this name now.</Empty>}
      {task && <RunForm task={task} strictTables={value?.strictTables ?? []} />}
      {recent.value && recent.value.runs.length > 0 && (
        <section>
          <div class="title-line">
            <h2>Recent runs</h2>
            <a href={hrefOf("/runs", { task: id })}>All of them</a>
          </div>
          <RunTable caption="Recent runs" runs={recent.value.runs} />
        </section>
      )}
    </>
  );
}
