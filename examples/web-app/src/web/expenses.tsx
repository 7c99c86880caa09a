import { type SubmitEvent, useCallback, useState } from "react";
import { formatAmount, formatDay } from "./format.ts";
import type { Expense, Services } from "./services.ts";
import { useRows } from "./use-rows.ts";

interface Props {
  services: Services;
  version: number;
  onChange: () => void;
}

export function Expenses({ services: { supabase }, version, onChange }: Props) {
  // No word of whose: Row Level Security shows everybody their own.
  const query = useCallback(
    () => supabase.from("expenses").select("*").order("spent_on", { ascending: false }).limit(50),
    [supabase],
  );
  const { rows, problem } = useRows<Expense>(query, version);
  const [message, setMessage] = useState("");

  async function add(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    const element = event.currentTarget;
    const form = new FormData(element);
    const { error } = await supabase.from("expenses").insert({
      spent_on: String(form.get("day")),
      category: String(form.get("category")).trim(),
      amount: Number(form.get("amount")),
    });
    setMessage(error?.message ?? "");
    if (error) return;
    element.reset();
    onChange();
  }

  return (
    <section className="card" aria-labelledby="expenses">
      <h2 id="expenses">Your expenses</h2>
      <form onSubmit={add} className="row" aria-label="Add an expense">
        <label>
          Day
          <input name="day" type="date" required />
        </label>
        <label>
          Category
          <input name="category" maxLength={40} pattern=".*\S.*" required />
        </label>
        <label>
          Amount in €
          <input name="amount" type="number" min="0.01" max="99999999" step="0.01" required />
        </label>
        <button type="submit">Add</button>
      </form>
      <p role="alert">{message || problem}</p>
      {rows?.length === 0 && <p className="hint">Nothing yet.</p>}
      <ul className="lines">
        {rows?.map(({ id, spent_on, category, amount }) => (
          <li key={id}>
            <span>{category}</span>
            <span className="hint">{formatDay(spent_on)}</span>
            <span className="amount">{formatAmount(amount)}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
