import type { RefObject } from "preact";
import { formatJson } from "../format.js";
import { Icon } from "../parts/icon.js";
import type { CheckedPayload } from "./check-payload.js";

interface PayloadFieldProps {
  field: RefObject<HTMLTextAreaElement | null>;
  text: string;
  checked: CheckedPayload;
  hasSchema: boolean;
  onInput: (text: string) => void;
  onRun: () => void;
}

/** The payload as text, judged while it is typed. */
export function PayloadField({ field, text, checked, hasSchema, onInput, onRun }: PayloadFieldProps) {
  const { syntax, mismatches, payload } = checked;
  const wrong = syntax !== undefined || mismatches.length > 0;
  return (
    <div class="payload">
      <div class="title-line">
        <label for="payload">Payload</label>
        <button
          type="button"
          class="button small"
          aria-disabled={payload === undefined}
          onClick={() => payload !== undefined && onInput(formatJson(payload))}
        >
          Format
        </button>
      </div>
      <textarea
        id="payload"
        ref={field}
        rows={Math.min(24, Math.max(8, text.split("\n").length + 1))}
        spellcheck={false}
        autocomplete="off"
        value={text}
        aria-invalid={wrong}
        aria-describedby="payload-verdict"
        onInput={(event) => onInput(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
          event.preventDefault();
          onRun();
        }}
      />
      <div id="payload-verdict" class={wrong ? "verdict bad" : "verdict good"} aria-live="polite">
        <Icon name={wrong ? "cross" : "check"} />
        {syntax !== undefined && <p>{syntax}</p>}
        {mismatches.length > 0 && (
          <ul>
            {mismatches.map(({ at, message }) => (
              <li key={at + message}>
                <span class="mono">{at}</span> {message}
              </li>
            ))}
          </ul>
        )}
        {!wrong && (
          <p>{text.trim() === "" ? "No payload" : hasSchema ? "Matches the task's schema" : "Valid JSON"}</p>
        )}
      </div>
    </div>
  );
}
