import { relative, sep } from "node:path";
import { watch as watchFiles } from "chokidar";

export interface Watching {
  close(): Promise<void>;
}

/**
 * Calls back once files of the project have changed and been quiet for a moment. Everything a task may import is watched, so all of the
 * project but what is installed, built or kept.
 */
export function watchProject(project: string, onChange: () => void, quiet = 100): Watching {
  let timer: NodeJS.Timeout | undefined;
  const ignoredFolders = new Set(["node_modules", ".behalf", ".git", "dist", "build", ".next", ".trigger"]);
  const watcher = watchFiles(project, {
    ignoreInitial: true,
    ignored: (path, stats) => {
      const parts = relative(project, path).split(sep);
      if (parts.some((part) => ignoredFolders.has(part))) return true;
      // Folders have to be walked; of files only what can be part of a task's code.
      return stats?.isFile() === true && !/\.([cm]?[jt]sx?|json)$/.test(path);
    },
  });
  watcher.on("all", () => {
    clearTimeout(timer);
    timer = setTimeout(onChange, quiet);
  });
  // An unreadable folder somewhere must not end the runtime.
  watcher.on("error", () => {});
  return {
    async close() {
      clearTimeout(timer);
      await watcher.close();
    },
  };
}
