import { useEffect, useState } from "preact/hooks";

/** Where the page is: path and query of the address bar. */
export interface Place {
  path: string;
  query: URLSearchParams;
}

const changed = new EventTarget();

function readPlace(): Place {
  return { path: location.pathname, query: new URLSearchParams(location.search) };
}

/** Goes to a place of the console without a reload. */
export function navigate(href: string, options: { replace?: boolean } = {}): void {
  if (options.replace) history.replaceState(null, "", href);
  else history.pushState(null, "", href);
  changed.dispatchEvent(new Event("place"));
}

/** The place, kept up to date. */
export function usePlace(): Place {
  const [place, setPlace] = useState(readPlace);
  useEffect(() => {
    const update = () => setPlace(readPlace());
    addEventListener("popstate", update);
    changed.addEventListener("place", update);
    return () => {
      removeEventListener("popstate", update);
      changed.removeEventListener("place", update);
    };
  }, []);
  return place;
}

/** Plain links stay plain links in the markup; a plain click on one is followed here. */
export function followLinks(): void {
  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = event.target instanceof Element ? event.target.closest("a") : null;
    if (!link || link.target || link.origin !== location.origin || link.hash !== "") return;
    event.preventDefault();
    navigate(link.pathname + link.search);
    scrollTo(0, 0);
  });
}

/** A path with a query; empty and absent values are left out. */
export function hrefOf(path: string, query: Record<string, string | null | undefined> = {}): string {
  const entries = Object.entries(query).filter((entry): entry is [string, string] => Boolean(entry[1]));
  return entries.length === 0 ? path : `${path}?${new URLSearchParams(entries)}`;
}

export const runHref = (id: string) => `/runs/${encodeURIComponent(id)}`;
export const taskHref = (id: string) => `/tasks/${encodeURIComponent(id)}`;
