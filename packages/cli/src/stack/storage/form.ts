import type { IncomingMessage } from "node:http";
import type { Readable } from "node:stream";
import type { BusboyHeaders, BusboyInstance } from "@fastify/busboy";
import { failures } from "./failure.js";

/** The file of a `multipart/form-data` body, and the fields that came before it. */
export interface UploadedForm {
  content: Readable;
  mimeType: string;
  fields: Map<string, string>;
}

/** Reads a form up to its first file, whose content is left to the caller to stream. supabase-js sends the fields first. */
export async function openForm(request: IncomingMessage): Promise<UploadedForm> {
  const { Busboy } = await import("@fastify/busboy");
  return new Promise((resolve, reject) => {
    const fields = new Map<string, string>();
    const refuse = () => reject(failures.noContent());
    let parser: BusboyInstance;
    try {
      parser = new Busboy({
        headers: request.headers as BusboyHeaders,
        limits: { files: 1, fields: 10, fieldSize: 1 << 20 },
      });
    } catch {
      return refuse();
    }
    parser.on("field", (name: string, value: string) => fields.set(name, value));
    parser.on("file", (_name, content, _filename, _encoding, mimeType) => {
      // An error before anybody reads must wait for the reader, not end the process.
      content.on("error", () => {});
      // A body that ends too early must end the reading of the file as well.
      request.once("close", () => {
        if (!request.complete) content.destroy(new Error("The client went away."));
      });
      resolve({ content, mimeType, fields });
    });
    parser.once("finish", refuse);
    parser.once("error", refuse);
    request.once("error", refuse);
    request.pipe(parser);
  });
}
