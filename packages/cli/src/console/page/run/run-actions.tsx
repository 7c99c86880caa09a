import type { ConsoleRunPage } from "../../contract.js";
import { type ApiError, post } from "../api.js";
import { ActionButton } from "../parts/action-button.js";
import { navigate, runHref } from "../router.js";

interface RunActionsProps {
  page: ConsoleRunPage;
  onFailure: (error: ApiError | undefined) => void;
}

/** What the run allows now. */
export function RunActions({ page, onFailure }: RunActionsProps) {
  const { run, can } = page;
  const act = async (action: string) => {
    const { id } = await post<{ id: string }>(`/api/runs/${encodeURIComponent(run.id)}/${action}`);
    if (id !== run.id) navigate(runHref(id));
  };
  return (
    <div class="actions">
      {can.cancel && (
        <ActionButton action={() => act("cancel")} onFailure={onFailure} class="button danger">
          Cancel
        </ActionButton>
      )}
      {can.retry && (
        <ActionButton action={() => act("retry")} onFailure={onFailure}>
          Retry
        </ActionButton>
      )}
      {can.replay && (
        <ActionButton action={() => act("replay")} onFailure={onFailure}>
          Replay
        </ActionButton>
      )}
    </div>
  );
}
