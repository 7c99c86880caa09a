// A large object through Storage, up and down, against a plain streamed copy of the file; and what memory that takes.
import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { startStack } from "../packages/cli/dist/index.js";
import { median, reportRatio } from "./report.mjs";

const megabytes = Number(process.env.BENCH_STORAGE_MB ?? 1024);
const rounds = 3;
const memoryGoal = 150;

const folder = await mkdtemp(join(tmpdir(), "behalf-bench-"));
const source = join(folder, "source");
await writeFile(source, "");
for (let written = 0; written < megabytes; written += 16)
  await writeFile(source, Buffer.alloc(16 * 2 ** 20, written % 251), { flag: "a" });

const project = join(folder, "project");
await mkdir(join(project, "supabase"), { recursive: true });
await writeFile(join(project, "supabase", "config.toml"), '[storage]\nfile_size_limit = "5GiB"\n');
const stack = await startStack({ directory: join(folder, "state"), project });

const headers = { authorization: `Bearer ${stack.keys.serviceRoleKey}` };
let peak = 0;
const watch = setInterval(() => {
  peak = Math.max(peak, process.memoryUsage.rss());
}, 20);

async function timed(work) {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

function send(method, path, more, body) {
  return new Promise((resolve, reject) => {
    const url = new URL(`${stack.url}/storage/v1${path}`);
    const sent = request(url, { method, headers: { ...headers, ...more } }, resolve);
    sent.on("error", reject);
    if (body) pipeline(body, sent).catch(reject);
    else sent.end();
  });
}

const discard = () => new Writable({ highWaterMark: 2 ** 20, write: (_chunk, _encoding, done) => done() });

try {
  const json = { "content-type": "application/json" };
  const made = await fetch(`${stack.url}/storage/v1/bucket`, {
    method: "POST",
    headers: { ...headers, ...json },
    body: JSON.stringify({ name: "bench" }),
  });
  if (!made.ok) throw new Error(await made.text());
  const { size } = await stat(source);
  const upload = async () => {
    const more = { "content-length": size, "x-upsert": "true", "content-type": "application/octet-stream" };
    const answer = await send("POST", "/object/bench/large", more, createReadStream(source));
    if (answer.statusCode !== 200) throw new Error(`upload: ${answer.statusCode}`);
    answer.resume();
  };
  const download = async () => pipeline(await send("GET", "/object/bench/large", {}), discard());
  const copy = () => pipeline(createReadStream(source), createWriteStream(join(folder, "copy")));
  const read = () => pipeline(createReadStream(source), discard());

  await upload();
  global.gc?.();
  const before = process.memoryUsage.rss();
  peak = before;
  const times = { upload: [], download: [], copy: [], read: [] };
  for (let round = 0; round < rounds; round++) {
    for (const [name, work] of Object.entries({ copy, upload, read, download }))
      times[name].push(await timed(work));
  }
  const unit = (milliseconds) => `${Math.round(megabytes / (milliseconds / 1000))} MB/s`;
  const ratio = (ours, theirs) => ({ ours: median(times[ours]), theirs: median(times[theirs]) });
  reportRatio(`upload of ${megabytes} MB`, ratio("upload", "copy"), { against: "copying the file", unit });
  reportRatio(`download of ${megabytes} MB`, ratio("download", "read"), {
    against: "reading the file",
    unit,
  });
  const grown = Math.round((peak - before) / 2 ** 20);
  console.log(
    `memory that ${rounds} uploads and downloads of ${megabytes} MB took at most: ${grown} MB more, client included, goal ≤ ${memoryGoal} MB ${grown <= memoryGoal ? "met" : "MISSED"}`,
  );
} finally {
  clearInterval(watch);
  await stack.stop();
  await rm(folder, { recursive: true, force: true });
}
