import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, statSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { createClient } from "@supabase/supabase-js";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type StackKeys, startStack } from "../index.js";
import { makeFolder, type TestFolder } from "../test-support.js";

let folder: TestFolder;
let child: ChildProcess | undefined;
beforeAll(() => {
  folder = makeFolder({
    "supabase/migrations/1_bucket.sql": "insert into storage.buckets (id, name) values ('files', 'files');",
  });
});
afterAll(() => {
  child?.kill("SIGKILL");
  folder.remove();
});

const clientOf = (url: string, keys: StackKeys) =>
  createClient(url, keys.secretKey, { realtime: { transport: class {} as never } }).storage.from("files");

test("kill -9 in the middle of an upload: what was there stays, what wasn't whole is nowhere", async () => {
  const options = { directory: join(folder.path, ".behalf"), project: folder.path };
  const module = new URL("../../../dist/stack/index.js", import.meta.url).href;
  const script = `import { startStack } from ${JSON.stringify(module)};
    const { url, keys } = await startStack(${JSON.stringify(options)});
    console.log(JSON.stringify({ url, keys }));`;
  child = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = (await once(createInterface(child.stdout as NodeJS.ReadableStream), "line")) as [string];
  const { url, keys } = JSON.parse(line) as { url: string; keys: StackKeys };
  const before = clientOf(url, keys);
  for (const name of ["kept.txt", "replaced.txt"])
    expect((await before.upload(name, "as it was")).error).toBeNull();

  const state = join(options.directory, "storage");
  const { hostname, port } = new URL(url);
  for (const name of ["new.txt", "replaced.txt"]) {
    const headers = { apikey: keys.secretKey, "content-length": 2_000_000, "x-upsert": "true" };
    const sent = request({
      hostname,
      port,
      path: `/storage/v1/object/files/${name}`,
      method: "POST",
      headers,
    });
    sent.on("error", () => {});
    sent.write(Buffer.alloc(1_000_000));
  }
  const unfinished = join(state, "unfinished");
  const sizes = () => readdirSync(unfinished).map((name) => statSync(join(unfinished, name)).size);
  await expect.poll(() => sizes().filter((size) => size > 0).length).toBe(2);
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;

  const stack = await startStack(options);
  try {
    await expect.poll(() => readdirSync(unfinished)).toEqual([]);
    const files = clientOf(stack.url, stack.keys);
    expect((await files.list()).data?.map((entry) => entry.name)).toEqual(["kept.txt", "replaced.txt"]);
    for (const name of ["kept.txt", "replaced.txt"])
      expect(await (await files.download(name)).data?.text()).toBe("as it was");
    const contents = readdirSync(join(state, "objects"), { recursive: true, encoding: "utf8" });
    expect(contents.filter((name) => name.length > 2)).toHaveLength(2);
  } finally {
    await stack.stop();
  }
});
