import { setTimeout as pause } from "node:timers/promises";
import { metadata } from "@trigger.dev/sdk";
import { userTask } from "./supabase.ts";

/** What the page shows while the run goes on. A type rather than an interface: metadata takes JSON objects. */
export type Progress = {
  step: string;
  /** 0 to 100. */
  percent: number;
};

/** Adds up a month's expenses of the user whom the grant in the payload names, and writes the report as that user. */
export const writeReport = userTask({
  id: "write-report",
  run: async ({ month }: { month: string; grant: string }, { supabase }) => {
    await tell({ step: "Reading your expenses", percent: 10 });
    const { data: expenses, error } = await supabase
      .from("expenses")
      .select("category, amount")
      .gte("spent_on", `${month}-01`)
      .lt("spent_on", `${monthAfter(month)}-01`);
    if (error) throw error;

    const categories = [...new Set(expenses.map(({ category }) => category))].sort();
    const lines: { category: string; amount: number }[] = [];
    for (const [index, category] of categories.entries()) {
      await tell({
        step: `Adding up: ${category}`,
        percent: 20 + Math.round((60 * index) / categories.length),
      });
      // Adding up takes no time at all; this leaves some to see it by.
      await pause(400);
      lines.push({ category, amount: sum(expenses.filter((expense) => expense.category === category)) });
    }

    await tell({ step: "Writing the report", percent: 90 });
    const { data: report, error: refusal } = await supabase
      .from("reports")
      .upsert({ month, total: sum(lines), lines }, { onConflict: "user_id,run_id" })
      .select("id")
      .single();
    if (refusal) throw refusal;
    await tell({ step: "Finished", percent: 100 });
    return report;
  },
});

async function tell(progress: Progress): Promise<void> {
  metadata.set("progress", progress);
  await metadata.flush();
}

/** In cents, so that 0.1 + 0.2 is 0.3. */
function sum(rows: { amount: number }[]): number {
  return rows.reduce((cents, { amount }) => cents + Math.round(amount * 100), 0) / 100;
}

function monthAfter(month: string): string {
  const [year = 0, number = 0] = month.split("-").map(Number);
  // Months count from 0 there, so this is the first of the next one.
  return new Date(Date.UTC(year, number)).toISOString().slice(0, 7);
}
