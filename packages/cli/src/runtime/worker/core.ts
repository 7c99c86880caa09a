import { existsSync, realpathSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, sep } from "node:path";
import { pathToFileURL } from "node:url";
import type { Otel } from "./otel.js";

/** The parts of `@trigger.dev/core` that the worker drives. */
export interface Core {
  v3: typeof import("@trigger.dev/core/v3");
  workers: typeof import("@trigger.dev/core/v3/workers");
  tracer: typeof import("@trigger.dev/core/v3/tracer");
  /** OpenTelemetry's SDK as core itself resolves it. */
  otel: Otel;
}

/**
 * Loads `@trigger.dev/core` as the project's own `@trigger.dev/sdk` resolves it, so that both are of one version.
 * Core isn't a dependency the project names: with pnpm it is only visible from the SDK's folder.
 */
export async function loadCore(projectFolder: string): Promise<Core> {
  const sdk = findPackage(projectFolder, "@trigger.dev/sdk");
  if (!sdk) {
    throw new Error(
      "@trigger.dev/sdk is not installed in this project. Install it with: npm install @trigger.dev/sdk",
    );
  }
  const require = createRequire(join(sdk, "package.json"));
  const load = (subpath: string) => {
    const commonjs = require.resolve(`@trigger.dev/core/${subpath}`);
    const esm = commonjs.replace(`${sep}commonjs${sep}`, `${sep}esm${sep}`);
    return import(pathToFileURL(existsSync(esm) ? esm : commonjs).href);
  };
  const ofCore = createRequire(require.resolve("@trigger.dev/core/v3"));
  const otel = ofCore("@opentelemetry/sdk-trace-node") as Otel;
  const [v3, workers, tracer] = await Promise.all([load("v3"), load("v3/workers"), load("v3/tracer")]);
  return { v3, workers, tracer, otel } as Core;
}

function findPackage(from: string, name: string): string | undefined {
  for (let folder = from; ; folder = dirname(folder)) {
    const candidate = join(folder, "node_modules", name);
    if (existsSync(join(candidate, "package.json"))) return realpathSync(candidate);
    if (dirname(folder) === folder) return undefined;
  }
}
