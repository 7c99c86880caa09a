import type { ConsoleSchedules } from "../contract.js";
import { Empty } from "./parts/empty.js";
import { Failure } from "./parts/failure.js";
import { Heading } from "./parts/heading.js";
import { Loading } from "./parts/loading.js";
import { RelativeTime } from "./parts/time.js";
import { taskHref } from "./router.js";
import { useData } from "./use-data.js";

/** When tasks run by themselves. */
export function SchedulesPage() {
  const { value, error } = useData<ConsoleSchedules>("/api/schedules");
  return (
    <>
      <Heading title="Schedules" />
      <Failure error={error} />
      {!value && !error && <Loading />}
      {value?.schedules.length === 0 && (
        <Empty>No schedule: `schedules.task` or `schedules.create` makes one.</Empty>
      )}
      {value && value.schedules.length > 0 && (
        <table class="rows schedules">
          <caption class="unseen">Schedules</caption>
          <thead>
            <tr>
              <th scope="col">Task</th>
              <th scope="col">When</th>
              <th scope="col">Next run</th>
              <th scope="col">Made by</th>
            </tr>
          </thead>
          <tbody>
            {value.schedules.map((schedule) => (
              <tr key={schedule.id} data-row={schedule.id}>
                <th scope="row">
                  <a class="whole-row" data-entry href={taskHref(schedule.task)}>
                    {schedule.task}
                  </a>
                  {schedule.externalId && <span class="description quiet mono">{schedule.externalId}</span>}
                </th>
                <td>
                  <span class="mono">{schedule.cron}</span> <span class="quiet">{schedule.timezone}</span>
                </td>
                <td>
                  {schedule.active
                    ? schedule.nextRun && <RelativeTime at={schedule.nextRun} />
                    : "Not active"}
                </td>
                <td class="quiet">{schedule.type === "DECLARATIVE" ? "the task's file" : "the SDK"}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </>
  );
}
