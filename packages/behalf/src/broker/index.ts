export { type CreateBrokerOptions, createBroker, type ExchangeEvent } from "./create-broker.js";
export type { RateLimit } from "./rate-limit.js";
