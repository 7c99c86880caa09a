import { fileURLToPath } from "node:url";

/** The workspace's root folder. */
export const workspace = fileURLToPath(new URL("../../", import.meta.url));
