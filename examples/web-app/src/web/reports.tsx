import { type SubmitEvent, useCallback, useEffect, useState } from "react";
import type { WatchableRun } from "../server/reports.ts";
import { formatAmount, formatMonth, formatTime } from "./format.ts";
import { RunProgress } from "./run-progress.tsx";
import type { Report, Services } from "./services.ts";
import { useRows } from "./use-rows.ts";

interface Props {
  services: Services;
  version: number;
  onChange: () => void;
}

export function Reports({ services, version, onChange }: Props) {
  const { supabase, config } = services;
  const query = useCallback(
    () => supabase.from("reports").select("*").order("id", { ascending: false }).limit(20),
    [supabase],
  );
  const { rows, problem } = useRows<Report>(query, version);
  const newest = useCallback(
    () => supabase.from("expenses").select("spent_on").order("spent_on", { ascending: false }).limit(1),
    [supabase],
  );
  const [latest] = useRows<{ spent_on: string }>(newest, version).rows ?? [];
  const [chosen, setChosen] = useState<string>();
  const month = chosen ?? (latest?.spent_on ?? new Date().toISOString()).slice(0, 7);
  const [runs, setRuns] = useState<WatchableRun[]>([]);
  const [message, setMessage] = useState("");
  const [isBusy, setIsBusy] = useState(false);

  // What was started before the page was loaded goes on, and is watched again.
  useEffect(() => {
    services.findUnfinished().then(
      (found) =>
        setRuns((known) => [...known, ...found.filter(({ id }) => known.every((run) => run.id !== id))]),
      (error: Error) => setMessage(error.message),
    );
  }, [services]);

  async function start(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    setIsBusy(true);
    setMessage("");
    try {
      const run = await services.startReport(month);
      setRuns((known) => [run, ...known]);
    } catch (error) {
      setMessage((error as Error).message);
    }
    setIsBusy(false);
  }

  const finish = useCallback(
    (id: string, problem?: string) => {
      setRuns((known) => known.filter((run) => run.id !== id));
      if (problem) setMessage(problem);
      onChange();
    },
    [onChange],
  );

  return (
    <section className="card" aria-labelledby="reports">
      <h2 id="reports">Your reports</h2>
      <form onSubmit={start} className="row" aria-label="Start a report">
        <label>
          Month
          {/* Browsers without a picker for months show a text field. */}
          <input
            type="month"
            value={month}
            onChange={(event) => setChosen(event.target.value)}
            pattern="\d{4}-\d{2}"
            required
          />
        </label>
        <button type="submit" disabled={isBusy}>
          Start report
        </button>
      </form>
      <p role="alert">{message || problem}</p>
      {runs.map((run) => (
        <RunProgress key={run.id} run={run} triggerUrl={config.triggerUrl} onEnd={finish} />
      ))}
      {rows?.length === 0 && runs.length === 0 && <p className="hint">Nothing yet.</p>}
      {rows?.map((report) => (
        <FinishedReport key={report.id} report={report} />
      ))}
    </section>
  );
}

function FinishedReport({ report }: { report: Report }) {
  const lines = report.lines as { category: string; amount: number }[];
  return (
    <article aria-label={`Report for ${formatMonth(report.month)}`}>
      <h3>
        {formatMonth(report.month)} <span className="amount">{formatAmount(report.total)}</span>
      </h3>
      <ul className="lines">
        {lines.map(({ category, amount }) => (
          <li key={category}>
            <span>{category}</span>
            <meter min={0} max={report.total} value={amount} aria-label={`${category}, part of the total`} />
            <span className="amount">{formatAmount(amount)}</span>
          </li>
        ))}
      </ul>
      <p className="hint">{formatTime(report.created_at)}</p>
    </article>
  );
}
