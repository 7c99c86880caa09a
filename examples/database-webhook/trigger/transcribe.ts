import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { logger } from "@trigger.dev/sdk";

/** Downloads a video, takes its audio out with ffmpeg and has it transcribed. */
export async function transcribe(videoUrl: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "transcribe-"));
  try {
    const audio = await extractAudio(await download(videoUrl), folder);
    logger.info("Audio extracted", { bytes: audio.length });
    return await askDeepgram(audio);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function download(url: string): Promise<Uint8Array> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`The download answered ${response.status}.`);
  return new Uint8Array(await response.arrayBuffer());
}

async function extractAudio(video: Uint8Array, folder: string): Promise<Uint8Array> {
  const [input, output] = [join(folder, "video"), join(folder, "audio.wav")];
  await writeFile(input, video);
  const ffmpeg = process.env.FFMPEG_PATH ?? "ffmpeg";
  await promisify(execFile)(ffmpeg, [
    "-i",
    input,
    "-vn",
    "-acodec",
    "pcm_s16le",
    "-ar",
    "44100",
    "-ac",
    "2",
    output,
  ]);
  return readFile(output);
}

/** Deepgram's HTTP API. https://developers.deepgram.com/reference/speech-to-text/listen-pre-recorded */
async function askDeepgram(audio: Uint8Array): Promise<string> {
  const url = process.env.DEEPGRAM_URL ?? "https://api.deepgram.com";
  const response = await fetch(`${url}/v1/listen?model=nova-2&smart_format=true`, {
    method: "POST",
    headers: { authorization: `Token ${process.env.DEEPGRAM_SECRET_KEY}`, "content-type": "audio/wav" },
    body: new Blob([audio]),
  });
  if (!response.ok) throw new Error(`Deepgram answered ${response.status}.`);
  const { results } = (await response.json()) as {
    results: { channels: { alternatives: { transcript: string }[] }[] };
  };
  const transcript = results.channels[0]?.alternatives[0]?.transcript;
  if (transcript === undefined) throw new Error("Deepgram found nothing to transcribe.");
  return transcript;
}
