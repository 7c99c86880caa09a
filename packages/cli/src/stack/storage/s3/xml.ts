import { XMLParser } from "fast-xml-parser";
import { StorageFailure } from "../failure.js";

/** What an element holds: text, elements by name, or several of one name. */
export type XmlValue = string | number | boolean | undefined | { [name: string]: XmlValue } | XmlValue[];

const escapes: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
// What XML 1.0 cannot hold is left out.
const escapeText = (text: string) =>
  text.replace(/[&<>"]/g, (character) => escapes[character] ?? "").replace(/(?![\t\n\r])\p{Cc}/gu, "");

/** A document as S3 answers it. */
export function writeXml(root: string, content: { [name: string]: XmlValue }): string {
  const body = writeElement(root, content).replace(
    `<${root}>`,
    `<${root} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">`,
  );
  return `<?xml version="1.0" encoding="UTF-8"?>\n${body}`;
}

function writeElement(name: string, value: XmlValue): string {
  if (value === undefined) return "";
  if (Array.isArray(value)) return value.map((item) => writeElement(name, item)).join("");
  const inner =
    typeof value === "object"
      ? Object.entries(value)
          .map(([child, content]) => writeElement(child, content))
          .join("")
      : escapeText(String(value));
  return `<${name}>${inner}</${name}>`;
}

// Numbers stay text, so that a part number is what was sent; entities of a document type are not expanded.
const parser = new XMLParser({
  ignoreAttributes: true,
  parseTagValue: false,
  isArray: (name) => ["Part", "Object"].includes(name),
});

/** @throws {StorageFailure} 400 `MalformedXML` unless the text is a document of that root. */
export function readXml(text: string, root: string): Record<string, unknown> {
  let document: Record<string, unknown>;
  try {
    document = parser.parse(text, true) as Record<string, unknown>;
  } catch {
    document = {};
  }
  const found = document[root];
  if (typeof found !== "object" || found === null)
    throw new StorageFailure(400, "MalformedXML", "The XML you provided was not well-formed.");
  return found as Record<string, unknown>;
}
