import { navigate } from "./router.js";

/** The keys and what they do, as the help shows them. */
export const shortcuts: [keys: string[], does: string][] = [
  [["g", "r"], "Runs"],
  [["g", "t"], "Tasks"],
  [["g", "s"], "Schedules"],
  [["g", "q"], "Queues"],
  [["g", "u"], "Users"],
  [["j"], "Next entry of the list"],
  [["k"], "Previous entry"],
  [["Enter"], "Open the entry"],
  [["/"], "Search or filter"],
  [["Ctrl", "Enter"], "Run the task, from its payload"],
  [["?"], "This help"],
  [["Esc"], "Close, or leave a field"],
];

const places: Record<string, string> = {
  r: "/runs",
  t: "/tasks",
  s: "/schedules",
  q: "/queues",
  u: "/users",
};

/** How long `g` waits for its second key, in milliseconds. */
const patience = 1500;

/** Listens for the shortcuts. Fields keep their keys, and so does an open dialog. */
export function listenForKeys(openHelp: () => void): () => void {
  let goUntil = 0;
  const press = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (document.querySelector("dialog[open]")) return;
    const field = event.target instanceof HTMLElement && event.target.matches("input, textarea, select");
    if (field) {
      if (event.key === "Escape") (event.target as HTMLElement).blur();
      const types = (event.target as HTMLElement).matches("textarea, select, [type=search], [type=text]");
      if (types) return;
    }
    const place = event.timeStamp < goUntil ? places[event.key] : undefined;
    goUntil = event.key === "g" ? event.timeStamp + patience : 0;
    if (place) navigate(place);
    else if (event.key === "j") moveFocus(1);
    else if (event.key === "k") moveFocus(-1);
    else if (event.key === "/") focusSearch();
    else if (event.key === "?") openHelp();
    else return;
    event.preventDefault();
  };
  document.addEventListener("keydown", press);
  return () => document.removeEventListener("keydown", press);
}

/** Moves the focus through what a page marks as entries of its list (`data-entry`). */
function moveFocus(step: 1 | -1): void {
  const entries = [...document.querySelectorAll<HTMLElement>("[data-entry]")];
  const active = document.activeElement;
  const row = active?.closest("[data-row]");
  const index = entries.findIndex((entry) => entry === active || row?.contains(entry));
  const next = index === -1 ? (step === 1 ? 0 : entries.length - 1) : index + step;
  entries[next]?.focus();
}

function focusSearch(): void {
  const search = document.querySelector<HTMLInputElement>("[data-search]");
  search?.focus();
  search?.select();
}
