export { deployFaults } from "./deploy/faults.js";
export { type DeployCheckOptions, runDeployCheck } from "./deploy/run-deploy-check.js";
export { type FindingLevel, faults } from "./faults.js";
export type { Finding } from "./finding.js";
export { type DoctorReport, runDoctor } from "./run-doctor.js";
export { writeFix } from "./write-fix.js";
