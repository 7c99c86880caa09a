import type { ConsoleRunPage } from "../../contract.js";
import { Json } from "../parts/json.js";
import { lookOf } from "../status.js";

/** What went in, what came out, and what the run said about itself. */
export function RunData({ page }: { page: ConsoleRunPage }) {
  return (
    <div class="data">
      <Part
        title="Payload"
        value={page.payload}
        tooLarge={page.payloadTooLarge}
        none="It was run without one."
      />
      <Part
        title="Output"
        value={page.output}
        tooLarge={page.outputTooLarge}
        none={lookOf(page.run.status).ended ? "None." : "None so far."}
      />
      {Object.keys(page.metadata).length > 0 && (
        <Part title="Metadata" value={page.metadata} tooLarge={false} none="" />
      )}
    </div>
  );
}

interface PartProps {
  title: string;
  value: unknown;
  tooLarge: boolean;
  none: string;
}

function Part({ title, value, tooLarge, none }: PartProps) {
  return (
    <section>
      <h2>{title}</h2>
      {tooLarge ? (
        <p class="quiet">Larger than 256 KB: read it with the SDK.</p>
      ) : value === undefined ? (
        <p class="quiet">{none}</p>
      ) : (
        <Json value={value} label={title} />
      )}
    </section>
  );
}
