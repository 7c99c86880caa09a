interface ScopeFieldProps {
  text: string;
  /** Tables that refuse a task without a scope. */
  strictTables: string[];
  onInput: (text: string) => void;
}

/** What the grant is narrowed to. */
export function ScopeField({ text, strictTables, onInput }: ScopeFieldProps) {
  return (
    <div class="scope">
      <label for="scope">Scope</label>
      <input
        id="scope"
        type="text"
        class="mono"
        placeholder="public.notes:select"
        spellcheck={false}
        autocomplete="off"
        value={text}
        aria-describedby="scope-hint"
        onInput={(event) => onInput(event.currentTarget.value)}
      />
      <p id="scope-hint" class="quiet">
        {strictTables.length === 0
          ? "What the grant is narrowed to; may be empty."
          : `What the grant is narrowed to. Without a scope here or in the task, these are out of its reach: ${strictTables.join(", ")}`}
      </p>
    </div>
  );
}
