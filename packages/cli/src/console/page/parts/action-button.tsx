import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { ApiError } from "../api.js";

interface ActionButtonProps {
  /** What the button does; a refusal is handed to `onFailure`. */
  action: () => Promise<void>;
  onFailure: (error: ApiError | undefined) => void;
  class?: string;
  label?: string;
  /** Whether `j` and `k` stop at it. */
  entry?: boolean;
  children: ComponentChildren;
}

/** A button whose action asks the server; it can't be pressed twice meanwhile. */
export function ActionButton({ action, onFailure, class: look, label, entry, children }: ActionButtonProps) {
  const [busy, setBusy] = useState(false);
  const press = async () => {
    if (busy) return;
    setBusy(true);
    onFailure(undefined);
    try {
      await action();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      onFailure(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <button
      type="button"
      class={look ?? "button"}
      aria-disabled={busy}
      aria-label={label}
      data-entry={entry}
      onClick={press}
    >
      {children}
    </button>
  );
}
