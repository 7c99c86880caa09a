import type { ConsoleError } from "../../contract.js";

/** Lines around the one that threw, which is marked by a sign as well as by colour. */
export function CodeFrame({ source }: { source: NonNullable<ConsoleError["source"]> }) {
  const place = [source.file, source.line, source.column].filter((part) => part !== null).join(":");
  return (
    <figure class="code-frame">
      <figcaption class="mono">{place}</figcaption>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard */}
      <pre tabIndex={0}>
        {source.lines.map(({ number, text }) => {
          const failing = number === source.line;
          return (
            <span key={number} class={failing ? "line failing" : "line"}>
              <span class="line-number">{`${failing ? "›" : " "} ${number}`}</span>
              {failing ? <mark>{text || " "}</mark> : text}
              {"\n"}
            </span>
          );
        })}
      </pre>
    </figure>
  );
}
