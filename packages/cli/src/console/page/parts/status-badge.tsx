import { lookOf } from "../status.js";
import { Icon } from "./icon.js";

/** A run's status as a word with a sign, never by colour alone. */
export function StatusBadge({ status }: { status: string }) {
  const { word, icon, tone } = lookOf(status);
  return (
    <span class={`status ${tone}`} data-status={status}>
      <Icon name={icon} />
      {word}
    </span>
  );
}
