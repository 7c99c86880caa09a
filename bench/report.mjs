// Shared by the benchmarks: alternating measurement, medians and the lines they print.

export const median = (values) => percentile(values, 0.5);

export function percentile(values, part) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))];
}

/**
 * Times two functions in turns, so that whatever else the machine does meets both alike.
 * Returns the medians, in milliseconds for one call.
 */
export async function compare(ours, theirs, { rounds = 200, warmup = 20 } = {}) {
  const times = { ours: [], theirs: [] };
  for (let round = -warmup; round < rounds; round++) {
    for (const [name, call] of round % 2 === 0
      ? [
          ["ours", ours],
          ["theirs", theirs],
        ]
      : [
          ["theirs", theirs],
          ["ours", ours],
        ]) {
      const start = performance.now();
      await call(round);
      if (round >= 0) times[name].push(performance.now() - start);
    }
  }
  return { ours: median(times.ours), theirs: median(times.theirs) };
}

const format = (milliseconds) =>
  milliseconds < 1 ? `${(milliseconds * 1000).toFixed(1)} µs` : `${milliseconds.toFixed(2)} ms`;

export function reportRatio(what, { ours, theirs }, { against, goal, unit = format }) {
  const ratio = ours / theirs;
  const verdict = goal === undefined ? "" : ` goal ≤ ${goal}× ${ratio <= goal ? "met" : "MISSED"}`;
  console.log(`${what}: ${ratio.toFixed(3)}× (${unit(ours)} / ${unit(theirs)} ${against})${verdict}`);
}
