import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type BehalfSuite, startBehalf } from "@behalf/cli/testing";
import { configure, runs } from "@trigger.dev/sdk";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Database } from "../database.types.ts";

const ada = "11111111-1111-4111-8111-111111111111";
const grace = "22222222-2222-4222-8222-222222222222";
const project = dirname(dirname(fileURLToPath(import.meta.url)));
const run = promisify(execFile);

/** ffmpeg itself comes as an npm package, for Linux x64 here; elsewhere from PATH. */
async function findFfmpeg(): Promise<string> {
  if (process.platform !== "linux" || process.arch !== "x64") return "ffmpeg";
  const prefix = join(project, "../../artifacts/ffmpeg");
  await mkdir(prefix, { recursive: true });
  await run("npm", [
    "install",
    "--prefix",
    prefix,
    "--no-audit",
    "--no-fund",
    "@ffmpeg-installer/linux-x64@4.1.0",
  ]);
  return join(prefix, "node_modules/@ffmpeg-installer/linux-x64/ffmpeg");
}

describe("a row, a webhook, a task, the row", () => {
  let suite: BehalfSuite<Database>;
  let server: Server;
  let url: string;
  let folder: string;
  let client: Client;
  const transcribed: { authorization: string | undefined; type: string | undefined; riff: string }[] = [];

  beforeAll(async () => {
    const ffmpeg = await findFfmpeg();
    folder = await mkdtemp(join(tmpdir(), "behalf-video-"));
    const video = join(folder, "video.mp4");
    const source = [
      "-f",
      "lavfi",
      "-i",
      "testsrc=duration=1:size=64x64:rate=5",
      "-f",
      "lavfi",
      "-i",
      "sine=frequency=440:duration=1",
    ];
    await run(ffmpeg, [...source, "-c:v", "mpeg4", "-c:a", "aac", "-shortest", video]);
    // Serves the video, and speaks Deepgram's API.
    server = createServer(async (request, response) => {
      if (request.url?.endsWith(".mp4")) return response.end(await readFile(video));
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const { authorization, "content-type": type } = request.headers;
      transcribed.push({ authorization, type, riff: Buffer.concat(chunks).subarray(0, 4).toString() });
      const answer = {
        results: { channels: [{ alternatives: [{ transcript: "a tone of 440 hertz", confidence: 0.99 }] }] },
      };
      return response.setHeader("content-type", "application/json").end(JSON.stringify(answer));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    suite = await startBehalf<Database>({
      dir: project,
      environment: { FFMPEG_PATH: ffmpeg, DEEPGRAM_URL: url, DEEPGRAM_SECRET_KEY: "of-the-test" },
    });
    client = new Client(suite.databaseUrl);
    await client.connect();
    await client.query("update private.webhook set url = $1", [
      `${suite.supabaseUrl}/functions/v1/video-processing-handler`,
    ]);
    const { apiUrl, secretKey } = await suite.trigger();
    configure({ baseURL: apiUrl, accessToken: secretKey });
  });
  afterAll(async () => {
    await client?.end();
    await suite?.stop();
    server?.close();
    await rm(folder, { recursive: true, force: true });
  });

  const ended = async (task = "transcribe-video") =>
    (await runs.list({ taskIdentifier: task })).data.map(({ status }) => status);
  /** Who wrote a transcription into a user's row last, by the audit trail. */
  const writer = async (userId: string) => {
    const { rows } = await client.query(
      `select role, user_id, task, reason, is_unexplained from behalf.audit_log
       where new_values ->> 'transcription' is not null and operation = 'UPDATE' and (key ->> 'id')::bigint in
         (select id from public.video_transcriptions where user_id = $1)
       order by statement_id desc limit 1`,
      [userId],
    );
    return rows[0];
  };

  test("a user's row is transcribed as its owner, once", async () => {
    const supabase = await suite.asUser(ada);
    const { error } = await supabase.from("video_transcriptions").insert({ video_url: `${url}/video.mp4` });
    expect(error).toBeNull();
    await expect.poll(ended).toEqual(["COMPLETED"]);
    await suite.expectRows("video_transcriptions", [{ user_id: ada, transcription: "a tone of 440 hertz" }], {
      as: ada,
    });
    await suite.expectRows("video_transcriptions", [], { as: grace });
    expect(await writer(ada)).toEqual({
      role: "authenticated",
      user_id: ada,
      task: "transcribe-video",
      reason: null,
      is_unexplained: false,
    });
    expect(transcribed).toEqual([{ authorization: "Token of-the-test", type: "audio/wav", riff: "RIFF" }]);
  });

  test("the task's own update told nobody; a person's edit does", async () => {
    const supabase = await suite.asUser(ada);
    await supabase
      .from("video_transcriptions")
      .update({ video_url: `${url}/again.mp4` })
      .eq("user_id", ada);
    // Had the first run's update been told, there would be three.
    await expect.poll(ended).toEqual(["COMPLETED", "COMPLETED"]);
    expect(transcribed).toHaveLength(2);
  });

  test("who doesn't know the secret starts nothing", async () => {
    const answer = await fetch(`${suite.supabaseUrl}/functions/v1/video-processing-handler`, {
      method: "POST",
      headers: { "x-webhook-secret": "guessed" },
      body: JSON.stringify({ record: { id: 1, user_id: grace, video_url: url } }),
    });
    expect(answer.status).toBe(401);
  });

  describe("as the public guide writes it", () => {
    const guide = "video-process-and-update";
    const handler = () => `${suite.supabaseUrl}/functions/v1/guide-video-handler`;
    const headers = () => ({
      "content-type": "application/json",
      authorization: `Bearer ${suite.keys.anonKey}`,
    });

    // Two triggers on one table would both tell.
    beforeAll(async () => {
      const parameters = [handler(), "POST", JSON.stringify(headers()), "{}", "5000"];
      await client.query(`
        drop trigger tell_video on public.video_transcriptions;
        create trigger "edge-function-hook" after insert on public.video_transcriptions for each row
          execute function supabase_functions.http_request(${parameters.map((text) => client.escapeLiteral(text)).join(", ")})`);
    });

    test("a row is transcribed, and nobody can say who did it or why", async () => {
      const supabase = await suite.asUser(grace);
      const { error } = await supabase.from("video_transcriptions").insert({ video_url: `${url}/hers.mp4` });
      expect(error).toBeNull();
      await expect.poll(() => ended(guide)).toEqual(["COMPLETED"]);
      await suite.expectRows("video_transcriptions", [{ transcription: "a tone of 440 hertz" }], {
        as: grace,
      });
      expect(await writer(grace)).toEqual({
        role: "service_role",
        user_id: null,
        task: null,
        reason: null,
        is_unexplained: true,
      });
      expect(await ended()).toHaveLength(2);
    });

    test("whoever has the anon key overwrites anybody's row", async () => {
      const supabase = await suite.asUser(grace);
      const { data } = await supabase
        .from("video_transcriptions")
        .update({ transcription: "as grace corrected it" })
        .eq("user_id", grace)
        .select("id")
        .single();
      const answer = await fetch(handler(), {
        method: "POST",
        headers: headers(),
        body: JSON.stringify({ record: { id: data?.id, video_url: `${url}/not-hers.mp4` } }),
      });
      expect(answer.status).toBe(200);
      await expect.poll(() => ended(guide)).toEqual(["COMPLETED", "COMPLETED"]);
      await suite.expectRows("video_transcriptions", [{ transcription: "a tone of 440 hertz" }], {
        as: grace,
      });
    });
  });
});
