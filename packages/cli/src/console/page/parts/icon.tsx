// Drawn on 16 × 16, in the colour of the text around them.
const paths = {
  check: "M3.5 8.5l3 3 6-7",
  cross: "M4.5 4.5l7 7m0-7l-7 7",
  slash: "M8 2.5a5.5 5.5 0 100 11 5.5 5.5 0 000-11zM4.2 11.8l7.6-7.6",
  play: "M5.5 3.5v9l7-4.5z",
  pause: "M5.5 3.5v9m5-9v9",
  clock: "M8 2.5a5.5 5.5 0 100 11 5.5 5.5 0 000-11zM8 5v3.2l2 1.4",
  queue: "M3 4.5h10M3 8h10M3 11.5h6",
  bolt: "M9 2L4 9h4l-1 5 5-7H8z",
  retry: "M13 3v3.5H9.5M12.6 6.3A5 5 0 1013 9",
  person: "M8 8a2.75 2.75 0 100-5.5A2.75 2.75 0 008 8zM2.8 13.5c.3-2.4 2.4-4 5.2-4s4.9 1.6 5.2 4",
  key: "M10.2 2.5a3.3 3.3 0 100 6.6 3.3 3.3 0 000-6.6zM7.8 8.2L2.5 13.5M4.5 11.5L6 13",
  log: "M3 4h10M3 8h7M3 12h9",
  span: "M2.5 5h7M5.5 8h8M4 11h5",
  database:
    "M13 4.2c0 1.2-2.2 2.2-5 2.2s-5-1-5-2.2S5.2 2 8 2s5 1 5 2.2zM3 4.2v7.6C3 13 5.2 14 8 14s5-1 5-2.2V4.2M3 8c0 1.2 2.2 2.2 5 2.2S13 9.2 13 8",
  warning: "M8 2.5L1.8 13h12.4zM8 6.5v3M8 11.2v.3",
  copy: "M5.5 5.5v-3h8v8h-3M2.5 5.5h8v8h-8z",
  open: "M6 3.5L10.5 8 6 12.5",
  arrow: "M2.5 8h11M9.5 4l4 4-4 4",
} as const;

export type IconName = keyof typeof paths;

/** A small line drawing beside a word that says the same. */
export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" aria-hidden="true">
      <path d={paths[name]} />
    </svg>
  );
}
