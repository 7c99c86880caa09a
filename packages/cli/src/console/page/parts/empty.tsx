import type { ComponentChildren } from "preact";

/** Says why a list holds nothing, and what fills it. */
export function Empty({ children }: { children: ComponentChildren }) {
  return <p class="empty quiet">{children}</p>;
}
