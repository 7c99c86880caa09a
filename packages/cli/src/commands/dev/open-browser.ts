import { spawn } from "node:child_process";

/** Opens an address in the browser of this desktop, without a shell. Resolves with whether something took it. */
export function openBrowser(url: string): Promise<boolean> {
  const { DISPLAY, WAYLAND_DISPLAY, WSL_DISTRO_NAME } = process.env;
  const [command, ...args] = commandFor(url);
  if (command === "xdg-open" && !(DISPLAY ?? WAYLAND_DISPLAY ?? WSL_DISTRO_NAME))
    return Promise.resolve(false);
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: "ignore", detached: true, windowsHide: true });
    child.once("error", () => resolve(false));
    child.once("exit", (code) => resolve(code === 0));
    child.unref();
  });
}

function commandFor(url: string): [command: string, ...args: string[]] {
  if (process.platform === "darwin") return ["open", url];
  // `start` is a word of the shell's; this is what it comes to.
  if (process.platform === "win32") return ["rundll32", "url.dll,FileProtocolHandler", url];
  return ["xdg-open", url];
}
