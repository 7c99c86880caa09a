export { type FollowOptions, followAudit } from "./follow-audit.js";
export { readAudit } from "./read-audit.js";
export type {
  AuditClient,
  AuditEntry,
  AuditFilter,
  AuditOperation,
  AuditQuery,
  QueryableLike,
  SupabaseLike,
} from "./types.js";
export { type AuditHead, type AuditProblem, readAuditHead, verifyAudit } from "./verify-audit.js";
