import { useRef, useState } from "preact/hooks";
import type { ConsoleRunRequest, ConsoleTasks } from "../../contract.js";
import { ApiError, post } from "../api.js";
import { Failure } from "../parts/failure.js";
import { navigate, runHref } from "../router.js";
import { beginPayload } from "./begin-payload.js";
import { checkPayload } from "./check-payload.js";
import { PayloadField } from "./payload-field.js";
import { ScopeField } from "./scope-field.js";
import { UserPicker } from "./user-picker.js";

type Task = ConsoleTasks["tasks"][number];

/** Runs a task with a payload, as a user or not, and goes to the run. */
export function RunForm({ task, strictTables }: { task: Task; strictTables: string[] }) {
  const [text, setText] = useState(() => beginPayload(task.lastPayload, task.payloadSchema));
  const [user, setUser] = useState<string>();
  const [scope, setScope] = useState(task.lastScope ?? "");
  const [failure, setFailure] = useState<ApiError>();
  const [busy, setBusy] = useState(false);
  const field = useRef<HTMLTextAreaElement>(null);
  const checked = checkPayload(text, task.payloadSchema);
  const refused = checked.syntax !== undefined || checked.mismatches.length > 0;

  const run = async () => {
    if (refused) field.current?.focus();
    if (refused || busy) return;
    setBusy(true);
    setFailure(undefined);
    try {
      const request: ConsoleRunRequest = {
        payload: checked.payload,
        as: user,
        ...(user && scope.trim() ? { scope } : {}),
      };
      const { id } = await post<{ id: string }>(`/api/tasks/${encodeURIComponent(task.id)}/run`, request);
      navigate(runHref(id));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      setFailure(error);
      setBusy(false);
    }
  };
  return (
    <form
      class="run-form"
      aria-label={`Run ${task.id}`}
      onSubmit={(event) => {
        event.preventDefault();
        void run();
      }}
    >
      <PayloadField
        field={field}
        text={text}
        checked={checked}
        hasSchema={Boolean(task.payloadSchema)}
        onInput={setText}
        onRun={run}
      />
      <div>
        <UserPicker chosen={user} onChoose={setUser} />
        {user && <ScopeField text={scope} strictTables={strictTables} onInput={setScope} />}
      </div>
      <Failure error={failure} />
      <button type="submit" class="button main" aria-disabled={busy || refused}>
        Run task
      </button>
    </form>
  );
}
