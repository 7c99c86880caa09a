export { causes, type Explanation } from "./explanation.js";
export type { ExplainRequest } from "./request.js";
export { runExplain } from "./run-explain.js";
