export { initProject } from "./init-project.js";
export { type Written, writeMigrations } from "./write-migrations.js";
