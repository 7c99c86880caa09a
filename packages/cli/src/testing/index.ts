export { startBehalf } from "./start-behalf.js";
export type { BehalfSuite, EndedRun, StartBehalfOptions } from "./types.js";
