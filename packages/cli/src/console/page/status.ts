import type { IconName } from "./parts/icon.js";

/** How a status is said and shown. */
export interface StatusLook {
  word: string;
  icon: IconName;
  tone: "good" | "bad" | "busy" | "waiting" | "quiet";
  ended: boolean;
}

const looks: Record<string, StatusLook> = {
  PENDING_VERSION: { word: "Pending version", icon: "clock", tone: "quiet", ended: false },
  DELAYED: { word: "Delayed", icon: "clock", tone: "quiet", ended: false },
  QUEUED: { word: "Queued", icon: "queue", tone: "quiet", ended: false },
  DEQUEUED: { word: "Starting", icon: "queue", tone: "busy", ended: false },
  EXECUTING: { word: "Executing", icon: "play", tone: "busy", ended: false },
  WAITING: { word: "Waiting", icon: "pause", tone: "waiting", ended: false },
  COMPLETED: { word: "Completed", icon: "check", tone: "good", ended: true },
  FAILED: { word: "Failed", icon: "cross", tone: "bad", ended: true },
  CANCELED: { word: "Canceled", icon: "slash", tone: "quiet", ended: true },
  CRASHED: { word: "Crashed", icon: "bolt", tone: "bad", ended: true },
  SYSTEM_FAILURE: { word: "System failure", icon: "bolt", tone: "bad", ended: true },
  EXPIRED: { word: "Expired", icon: "clock", tone: "bad", ended: true },
  TIMED_OUT: { word: "Timed out", icon: "clock", tone: "bad", ended: true },
};

/** How a status looks; one that isn't known is shown by its name. */
export function lookOf(status: string): StatusLook {
  return looks[status] ?? { word: status, icon: "clock", tone: "quiet", ended: false };
}

/** The choices of the runs' filter: name → value of `?status=`. */
export const statusFilters: [name: string, value: string][] = [
  ["All", ""],
  ["Active", "PENDING_VERSION,DELAYED,QUEUED,DEQUEUED,EXECUTING,WAITING"],
  ["Completed", "COMPLETED"],
  ["Failed", "FAILED,CRASHED,SYSTEM_FAILURE,EXPIRED,TIMED_OUT"],
  ["Canceled", "CANCELED"],
];
