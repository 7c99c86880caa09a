import type { ConsoleTasks } from "../../contract.js";
import { Icon } from "../parts/icon.js";

/** Task files that couldn't be taken, and where they are wrong. */
export function FileProblems({ problems }: { problems: ConsoleTasks["problems"] }) {
  if (problems.length === 0) return null;
  return (
    <div class="notice bad" role="alert">
      <Icon name="warning" />
      <ul>
        {problems.map(({ file, line, message }) => (
          <li key={`${file}:${line}:${message}`}>
            <strong class="mono">{line === null ? file : `${file}:${line}`}</strong>
            <pre>{message}</pre>
          </li>
        ))}
      </ul>
    </div>
  );
}
