export { type DoctorCode, type Finding, type FindingLevel, faults } from "./finding.js";
export { type DoctorOptions, type DoctorReport, type Examination, runDoctor } from "./run-doctor.js";
export { type Fix, writeFix } from "./write-fix.js";
