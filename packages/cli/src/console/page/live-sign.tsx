import { useLiveState } from "./live.js";

const words = {
  connecting: "Connecting",
  live: "Live",
  lost: "Reconnecting",
  over: "Restarted",
};

/** Whether what is shown moves by itself. */
export function LiveSign() {
  const state = useLiveState();
  return (
    <span class={`live ${state}`} role="status">
      {words[state]}
    </span>
  );
}
