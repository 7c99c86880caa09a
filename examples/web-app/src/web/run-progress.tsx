import { useRealtimeRun } from "@trigger.dev/react-hooks";
import { useEffect } from "react";
import type { Progress, writeReport } from "../../trigger/write-report.ts";
import type { WatchableRun } from "../server/reports.ts";
import { formatMonth } from "./format.ts";

interface Props {
  run: WatchableRun;
  triggerUrl: string;
  /** Told once, when the run has ended or can't be watched any more. */
  onEnd: (id: string, problem?: string) => void;
}

/** Follows a run with the public token that is good for this run alone. */
export function RunProgress({ run: { id, month, accessToken }, triggerUrl, onEnd }: Props) {
  const { run, error } = useRealtimeRun<typeof writeReport>(id, {
    accessToken,
    baseURL: triggerUrl,
    // The page needs neither, and the payload holds the grant.
    skipColumns: ["payload", "output"],
  });
  const progress = run?.metadata?.progress as Progress | undefined;

  const hasEnded = run?.isCompleted === true;
  const hasFailed = run?.isFailed === true || run?.isCancelled === true;
  useEffect(() => {
    if (hasEnded) onEnd(id, hasFailed ? "The report could not be written." : undefined);
    else if (error) onEnd(id, "The report goes on, but it can't be watched. Reload to see it.");
  }, [id, hasEnded, hasFailed, error, onEnd]);

  const label = `Report for ${formatMonth(month)}`;
  return (
    <div className="progress">
      <p>
        <strong>{label}</strong> <span aria-live="polite">{progress?.step ?? "Waiting"}</span>
      </p>
      <progress max={100} value={progress?.percent ?? 0} aria-label={label} />
    </div>
  );
}
