interface SearchFieldProps {
  label: string;
  value: string;
  onInput: (value: string) => void;
}

/** The field that `/` goes to. */
export function SearchField({ label, value, onInput }: SearchFieldProps) {
  return (
    <label class="search">
      <span class="unseen">{label}</span>
      <input
        type="search"
        data-search
        placeholder={label}
        value={value}
        autocomplete="off"
        spellcheck={false}
        onInput={(event) => onInput(event.currentTarget.value)}
      />
      <kbd>/</kbd>
    </label>
  );
}
