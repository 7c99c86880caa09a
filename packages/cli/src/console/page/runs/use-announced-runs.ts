import { useEffect, useRef } from "preact/hooks";
import type { ConsoleRun } from "../../contract.js";
import { announce } from "../announce.js";
import { lookOf } from "../status.js";

/** Most changes that are said one by one. */
const most = 3;

/** Says which of the shown runs changed their status. */
export function useAnnouncedRuns(runs: ConsoleRun[] | undefined): void {
  const known = useRef<Map<string, string>>(undefined);
  useEffect(() => {
    if (!runs) return;
    const before = known.current;
    known.current = new Map(runs.map(({ id, status }) => [id, status]));
    if (!before) return;
    const changed = runs.filter(({ id, status }) => before.has(id) && before.get(id) !== status);
    if (changed.length === 0) return;
    announce(
      changed.length > most
        ? `${changed.length} runs changed`
        : changed.map(({ task, status }) => `${task}: ${lookOf(status).word}`).join(". "),
    );
  }, [runs]);
}
