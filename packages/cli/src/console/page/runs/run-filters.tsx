import type { ConsoleTasks } from "../../contract.js";
import { SearchField } from "../parts/search-field.js";
import { hrefOf, navigate } from "../router.js";
import { statusFilters } from "../status.js";
import { useData } from "../use-data.js";

/** Filters by status, task and tag. */
export function RunFilters({ filters }: { filters: Record<string, string | null> }) {
  const { value } = useData<ConsoleTasks>("/api/tasks", (change) => change.tasks);
  const change = (more: Record<string, string>) =>
    navigate(hrefOf("/runs", { ...filters, ...more }), { replace: true });
  const status = filters.status ?? "";
  return (
    <div class="filters">
      <nav class="segments" aria-label="Status">
        {statusFilters.map(([name, statuses]) => (
          <a
            key={name}
            href={hrefOf("/runs", { ...filters, status: statuses })}
            aria-current={statuses === status ? "true" : undefined}
          >
            {name}
          </a>
        ))}
      </nav>
      <label>
        <span class="unseen">Task</span>
        <select value={filters.task ?? ""} onChange={(event) => change({ task: event.currentTarget.value })}>
          <option value="">Every task</option>
          {value?.tasks.map(({ id }) => (
            <option key={id} value={id}>
              {id}
            </option>
          ))}
        </select>
      </label>
      <SearchField label="Tag" value={filters.tag ?? ""} onInput={(tag) => change({ tag: tag.trim() })} />
    </div>
  );
}
