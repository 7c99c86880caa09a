import { type DoctorReport, type Finding, type FindingLevel, runDoctor, writeFix } from "../doctor/index.js";
import { openProject } from "../project/folder.js";
import { findLocalVariables } from "./local-variables.js";
import { print, printError, printJson, styled } from "./terminal.js";

export interface DoctorOptions {
  dir: string;
  json?: boolean;
  fix?: boolean;
}

/** `behalf doctor`: returns the exit code, 1 where there is a finding of level error. */
export async function doctor(options: DoctorOptions): Promise<number> {
  const project = openProject(options.dir);
  const { schema, ...report } = await runDoctor({
    folder: project.folder,
    environment: process.env,
    local: await findLocalVariables(project),
  });
  const fix = options.fix && schema ? await writeFix(project.folder, schema) : undefined;
  if (options.json) printJson({ ...report, ...(fix ? { fix } : {}) });
  else printReport(report);
  if (options.fix && !options.json) {
    printError(
      fix?.file
        ? `\nWrote ${fix.file} (policies: ${fix.policies}). Read it, then apply it as any other migration.`
        : "\nNothing that --fix could cure without changing what anybody may see or do.",
    );
  }
  return report.findings.some(({ level }) => level === "error") ? 1 : 0;
}

const colors = { error: "red", warn: "yellow", info: "blue" } as const;

export function printReport({ findings, facts, skipped }: DoctorReport): void {
  for (const finding of findings) printFinding(finding);
  for (const fact of facts) print(`${styled("green", "ok".padEnd(5))} ${fact}`);
  for (const line of skipped) print(`${styled("dim", "--".padEnd(5))} ${line}`);
  const count = (level: FindingLevel, word: string) => {
    const number = findings.filter((finding) => finding.level === level).length;
    return `${number} ${word}${number === 1 ? "" : "s"}`;
  };
  print(`\n${count("error", "error")}, ${count("warn", "warning")}, ${count("info", "note")}`);
}

function printFinding({ code, level, where, why, cure }: Finding): void {
  print(`${styled(colors[level], level.padEnd(5))} ${styled("bold", where)}  ${styled("dim", code)}`);
  print(`      ${why}`);
  print(`      → ${cure}\n`);
}
