import type { ConsoleError } from "../../contract.js";
import { CodeFrame } from "./code-frame.js";

/** Why the run failed, and at which line of the project. */
export function RunError({ error }: { error: ConsoleError }) {
  return (
    <section class="error" aria-label="Error">
      <div class="error-head">
        <h2>{error.name ?? "Error"}</h2>
        <p class="mono">{error.message}</p>
      </div>
      {error.source && <CodeFrame source={error.source} />}
      {error.stack && (
        <details>
          <summary>Stack</summary>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard */}
          <pre class="stack" tabIndex={0}>
            {error.stack}
          </pre>
        </details>
      )}
    </section>
  );
}
