import { test } from "vitest";
import { expectNothingCrosses } from "./support/overlapping-runs.ts";

test("1,000 overlapping runs of two users: nothing crosses", () => expectNothingCrosses(1_000, 2));
