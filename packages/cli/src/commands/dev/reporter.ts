import type { FileProblem, RuntimeEvent } from "../../runtime/index.js";

/** A part of the project that has started, or a warning of one. */
export interface Part {
  name: string;
  message: string;
  /** Since the part before it. Undefined for what happens later. */
  durationMs?: number;
}

/** What runs, once everything does. Keys and passwords are no part of it: `behalf status` tells them who asks. */
export interface Summary {
  folder: string;
  supabaseUrl: string;
  triggerApiUrl: string;
  consoleUrl: string | undefined;
  tasks: string[];
  problems: FileProblem[];
  durationMs: number;
  /** Whether keys are listened to. */
  keys: boolean;
}

/** Where what happens in a `behalf dev` goes. */
export interface Reporter {
  part(part: Part): void;
  event(event: RuntimeEvent): void;
  ready(summary: Summary): void;
  /** What a key led to. */
  note(message: string): void;
  stopping(): void;
}
