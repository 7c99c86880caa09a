import { formatJson } from "../format.js";
import { CopyButton } from "./copy-button.js";

/** Beyond this many characters JSON is shown in one colour. */
const colourful = 20_000;

const token = /("(?:\\.|[^"\\])*")(\s*:)?|\b(true|false|null)\b|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)/g;

/** A value as indented JSON; only ever as text. */
export function Json({ value, label }: { value: unknown; label: string }) {
  const text = formatJson(value);
  return (
    <figure class="json" aria-label={label}>
      <CopyButton text={text} what={label} />
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard */}
      <pre tabIndex={0}>{text.length > colourful ? text : colour(text)}</pre>
    </figure>
  );
}

function colour(text: string) {
  const parts = [];
  let end = 0;
  for (const match of text.matchAll(token)) {
    const [whole, quoted, colon, word] = match;
    parts.push(text.slice(end, match.index));
    const kind = quoted ? (colon ? "json-key" : "json-text") : word ? "json-word" : "json-number";
    parts.push(
      <span key={match.index} class={kind}>
        {quoted ?? whole}
      </span>,
    );
    if (colon) parts.push(colon);
    end = match.index + whole.length;
  }
  parts.push(text.slice(end));
  return parts;
}
