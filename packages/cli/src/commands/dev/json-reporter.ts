import { print } from "../terminal.js";
import type { Reporter } from "./reporter.js";

/** For a program: one JSON object a line for everything, and nothing else on standard output. */
export function createJsonReporter(): Reporter {
  const write = (type: string, fields: object = {}) =>
    print(JSON.stringify({ type, at: new Date().toISOString(), ...fields }));
  return {
    part: (part) => write("part", part),
    event: ({ type, ...fields }) => write(type, fields),
    ready: ({ keys: _, ...summary }) => write("ready", summary),
    note: (message) => write("note", { message }),
    stopping: () => write("stopping"),
  };
}
