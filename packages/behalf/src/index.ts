export { type Behalf, createBehalf } from "./behalf.js";
export type { ServiceOptions } from "./clients/service-headers.js";
export type { BehalfClient } from "./clients/types.js";
export type { BehalfOptions, BrokerOptions, UsersMode } from "./config/options.js";
export {
  AuditError,
  BehalfError,
  type BehalfErrorCode,
  BrokerError,
  ConfigError,
  type ErrorEntry,
  errorTable,
  GrantError,
  KeyError,
  ServiceError,
  TokenError,
  UserError,
} from "./errors.js";
export type { Grant, GrantClaims, Granted, GrantedOptions, GrantOptions } from "./grants/types.js";
export { classifyKey, type KeyClass, type KeyKind } from "./keys/classify.js";
export type { Actor, Json, MintedToken, TokenClaims, TokenOptions } from "./tokens/types.js";
