export { type Finding, type FindingLevel, faults } from "./finding.js";
export { type DoctorReport, runDoctor } from "./run-doctor.js";
export { writeFix } from "./write-fix.js";
