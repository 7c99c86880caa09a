import { test } from "vitest";
import { expectNothingCrosses } from "./support/overlapping-runs.ts";

test("10,000 runs of 100 users, as many at once as the server takes: nothing crosses", () =>
  expectNothingCrosses(10_000, 100));
