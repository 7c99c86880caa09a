import { useState } from "preact/hooks";
import type { ConsoleQueues } from "../contract.js";
import { type ApiError, post } from "./api.js";
import { ActionButton } from "./parts/action-button.js";
import { Empty } from "./parts/empty.js";
import { Failure } from "./parts/failure.js";
import { Heading } from "./parts/heading.js";
import { Icon } from "./parts/icon.js";
import { Loading } from "./parts/loading.js";
import { useData } from "./use-data.js";

type Queue = ConsoleQueues["queues"][number];

/** What waits and what is at work in each queue; pauses and resumes them. */
export function QueuesPage() {
  const { value, error, reload } = useData<ConsoleQueues>("/api/queues");
  const [failure, setFailure] = useState<ApiError>();
  const change = async ({ id, paused }: Queue) => {
    await post(`/api/queues/${encodeURIComponent(id)}/${paused ? "resume" : "pause"}`);
    reload();
  };
  return (
    <>
      <Heading title="Queues" />
      <Failure error={failure ?? error} />
      {!value && !error && <Loading />}
      {value?.queues.length === 0 && <Empty>No queue yet: each task brings one.</Empty>}
      {value && value.queues.length > 0 && (
        <table class="rows queues">
          <caption class="unseen">Queues</caption>
          <thead>
            <tr>
              <th scope="col">Queue</th>
              <th scope="col" class="right">
                Running
              </th>
              <th scope="col" class="right">
                Queued
              </th>
              <th scope="col" class="right">
                Limit
              </th>
              <th scope="col">
                <span class="unseen">Pause or resume</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {value.queues.map((queue) => (
              <tr key={queue.id} data-row={queue.id}>
                <th scope="row">
                  <span class="mono">{queue.name}</span>
                  {queue.paused && (
                    <span class="status waiting">
                      <Icon name="pause" />
                      Paused
                    </span>
                  )}
                </th>
                <td class="right number" data-label="running">
                  {queue.running}
                </td>
                <td class="right number" data-label="queued">
                  {queue.queued}
                </td>
                <td class="right number" data-label="limit">
                  {queue.concurrencyLimit ?? "none"}
                </td>
                <td class="right">
                  <ActionButton
                    action={() => change(queue)}
                    onFailure={setFailure}
                    class="button small"
                    entry
                    label={`${queue.paused ? "Resume" : "Pause"} ${queue.name}`}
                  >
                    {queue.paused ? "Resume" : "Pause"}
                  </ActionButton>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </>
  );
}
