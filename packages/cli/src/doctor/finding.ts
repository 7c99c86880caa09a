import type { BehalfErrorCode } from "behalf";
import { deployFaults } from "./deploy/faults.js";
import { type FaultEntry, type FindingLevel, faults } from "./faults.js";

const known = { ...faults, ...deployFaults };

export type FaultCode = keyof typeof known;
type EnvironmentCode = Extract<BehalfErrorCode, `ERR_CONFIG_${string}` | `ERR_KEY_${string}`>;

/** A finding's stable code: one of {@link faults} or {@link deployFaults}, or for the environment behalf's error code, `ERR_KEY_EXPIRED` as `DOCTOR_KEY_EXPIRED`. */
export type DoctorCode = FaultCode | (EnvironmentCode extends `ERR_${infer Rest}` ? `DOCTOR_${Rest}` : never);

/** One fault at one place. No field ever holds a key, a token or a row. */
export interface Finding {
  readonly code: DoctorCode;
  readonly level: FindingLevel;
  /** A variable, a file and line, or a table, policy, function or role. */
  readonly where: string;
  readonly why: string;
  readonly cure: string;
}

/** A finding of a known fault; what is said about this one place goes before or instead of the general words. */
export function found(
  code: FaultCode,
  where: string,
  words: { detail?: string; cure?: string } = {},
): Finding {
  const { level, why, cure }: FaultEntry = known[code];
  return {
    code,
    level,
    where,
    why: words.detail ? `${words.detail} ${why}` : why,
    cure: words.cure ?? cure,
  };
}
