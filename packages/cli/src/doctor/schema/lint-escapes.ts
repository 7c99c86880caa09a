import { type Finding, found } from "../finding.js";
import type { Schema } from "./types.js";

/** Ways round Row Level Security and narrowing: functions that run as their owner, roles that pass over policies. */
export function lintEscapes({ functions, roles }: Schema): Finding[] {
  return [
    ...functions.flatMap(({ name, owner, callers }) => {
      const open = callers.filter((role) => role !== "service_role");
      return open.length > 0
        ? [
            found("DOCTOR_DEFINER_FUNCTION", name, {
              detail: `It runs as ${owner} for ${open.join(", ")}.`,
            }),
          ]
        : [];
    }),
    ...roles
      .filter(({ name }) => name !== "service_role")
      .flatMap(({ name, bypasses, through }) => [
        ...(bypasses
          ? [found("DOCTOR_ROLE_BYPASSES_RLS", name, { cure: `alter role ${name} nobypassrls;` })]
          : []),
        ...through.map((role) =>
          found("DOCTOR_ROLE_BYPASSES_RLS", name, {
            detail: `It is a member of ${role}.`,
            cure: `revoke ${role} from ${name};`,
          }),
        ),
      ]),
  ];
}
