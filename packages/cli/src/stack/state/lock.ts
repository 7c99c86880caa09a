import { randomBytes } from "node:crypto";
import { linkSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer, type Server } from "node:net";
import { join } from "node:path";
import { StackError } from "../errors.js";
import { isAlive } from "../processes/inspect-process.js";

/** Held by the one process that runs the stack of a directory. */
export interface StackLock {
  release(): void;
}

interface LockFile {
  pid: number;
  port: number;
  word: string;
}

const pattern = /^lock-(\d+)\.json$/;

/**
 * Takes the directory for this process. A holder listens on a port and answers with the word in its lock file, so that one that was
 * killed is told from one that lives without trusting a pid. Taking over means creating the file of the next number, which
 * only one process can: two starters at the same moment can't both win.
 *
 * @throws {StackError} `ERR_STACK_RUNNING` while another process holds it.
 */
export async function takeLock(directory: string): Promise<StackLock> {
  const word = randomBytes(16).toString("hex");
  const server = await listen(word);
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;
  const prepared = join(directory, `lock-new-${word}`);
  writeFileSync(prepared, JSON.stringify({ pid: process.pid, port, word } satisfies LockFile), {
    mode: 0o600,
  });
  try {
    for (;;) {
      const latest = latestNumber(directory);
      const holder = latest === 0 ? undefined : readLock(join(directory, `lock-${latest}.json`));
      if (holder && (await answers(holder))) {
        throw new StackError(
          "ERR_STACK_RUNNING",
          `A stack is running in ${directory} already (process ${holder.pid}). Use that one, or stop it with: behalf stop`,
        );
      }
      const mine = join(directory, `lock-${latest + 1}.json`);
      try {
        linkSync(prepared, mine);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "EEXIST") continue;
        throw error;
      }
      for (let old = latest; old > 0; old -= 1) rmSync(join(directory, `lock-${old}.json`), { force: true });
      return {
        release() {
          // The file stays, so that the numbers only grow; with nobody listening it holds nothing.
          server.close();
        },
      };
    }
  } catch (error) {
    server.close();
    throw error;
  } finally {
    rmSync(prepared, { force: true });
  }
}

function latestNumber(directory: string): number {
  const numbers = readdirSync(directory).map((name) => Number(pattern.exec(name)?.[1] ?? 0));
  return Math.max(0, ...numbers);
}

function readLock(file: string): LockFile | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as LockFile;
  } catch {
    return undefined;
  }
}

function listen(word: string): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => {
      socket.on("error", () => {});
      socket.end(word);
    });
    server.unref();
    server.once("error", reject);
    server.listen({ port: 0, host: "127.0.0.1" }, () => resolve(server));
  });
}

/** Whether the holder lives. A connection that is accepted and stays silent is a busy holder, not a dead one. */
function answers(holder: LockFile): Promise<boolean> {
  if (!isAlive(holder.pid)) return Promise.resolve(false);
  return new Promise((resolve) => {
    let heard = "";
    const socket = connect({ port: holder.port, host: "127.0.0.1" });
    socket.setEncoding("utf8").setTimeout(30_000, () => {
      resolve(true);
      socket.destroy();
    });
    socket.on("data", (text: string) => {
      heard += text;
      if (heard.length > holder.word.length) socket.destroy();
    });
    socket.once("error", () => resolve(false));
    socket.once("close", () => resolve(heard === holder.word));
  });
}
