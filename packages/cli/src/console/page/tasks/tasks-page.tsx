import { useState } from "preact/hooks";
import type { ConsoleTasks } from "../../contract.js";
import { Empty } from "../parts/empty.js";
import { Failure } from "../parts/failure.js";
import { Heading } from "../parts/heading.js";
import { Loading } from "../parts/loading.js";
import { SearchField } from "../parts/search-field.js";
import { taskHref } from "../router.js";
import { useData } from "../use-data.js";
import { FileProblems } from "./file-problems.js";

/** The project's tasks; each leads to the form that runs it. */
export function TasksPage() {
  const { value, error } = useData<ConsoleTasks>("/api/tasks", (change) => change.tasks);
  const [search, setSearch] = useState("");
  const wanted = search.trim().toLowerCase();
  const tasks = value?.tasks.filter(({ id, file }) => `${id} ${file}`.toLowerCase().includes(wanted));
  return (
    <>
      <div class="title-line">
        <Heading title="Tasks" />
        <SearchField label="Search tasks" value={search} onInput={setSearch} />
      </div>
      <Failure error={error} />
      {value && <FileProblems problems={value.problems} />}
      {!value && !error && <Loading />}
      {tasks?.length === 0 && (
        <Empty>
          {wanted ? "No task matches." : "No task was found below the folders of trigger.config.ts."}
        </Empty>
      )}
      {tasks && tasks.length > 0 && (
        <table class="rows tasks">
          <caption class="unseen">Tasks</caption>
          <thead>
            <tr>
              <th scope="col">Task</th>
              <th scope="col">File</th>
              <th scope="col">Queue</th>
              <th scope="col">Schedule</th>
            </tr>
          </thead>
          <tbody>
            {tasks.map((task) => (
              <tr key={task.id} data-row={task.id}>
                <th scope="row">
                  <a class="whole-row" data-entry href={taskHref(task.id)}>
                    {task.id}
                  </a>
                  {task.description && <span class="description quiet">{task.description}</span>}
                </th>
                <td class="mono quiet">{task.file}</td>
                <td class="mono">{task.queue}</td>
                <td class="mono">{task.schedule && `${task.schedule.cron} ${task.schedule.timezone}`}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </>
  );
}
