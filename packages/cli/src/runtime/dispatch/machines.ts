const machine = <N extends string>(name: N, cpu: number, memory: number) => ({
  name,
  cpu,
  memory,
  centsPerMs: 0,
});

/** Trigger.dev's machine presets. They are accepted and shown in `ctx`; here every run has this one machine. */
export const machines = {
  micro: machine("micro", 0.25, 0.25),
  "small-1x": machine("small-1x", 0.5, 0.5),
  "small-2x": machine("small-2x", 1, 1),
  "medium-1x": machine("medium-1x", 1, 2),
  "medium-2x": machine("medium-2x", 2, 4),
  "large-1x": machine("large-1x", 4, 8),
  "large-2x": machine("large-2x", 8, 16),
};
