export { initProject } from "./init-project.js";
export { missingPackages } from "./missing-packages.js";
export { type Written, writeMigrations } from "./write-migrations.js";
