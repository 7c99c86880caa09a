import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";

/** A page's heading and title. It takes the focus when the page is gone to, so that screen readers begin there. */
export function Heading({ title, children }: { title: string; children?: ComponentChildren }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    heading.current?.focus({ preventScroll: true });
  }, []);
  useEffect(() => {
    document.title = `${title} · behalf`;
  }, [title]);
  return (
    <h1 ref={heading} tabIndex={-1}>
      {children ?? title}
    </h1>
  );
}
