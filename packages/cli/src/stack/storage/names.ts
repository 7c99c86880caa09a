import { failures } from "./failure.js";

// The characters that the real service allows; the hyphen is last so that it stays itself.
const objectName = /^[A-Za-z0-9_/!.*'() &$=@;:+,?-]+$/;
const bucketName = /^[A-Za-z0-9_!.*'() &$=@;:+,?-]+$/;

/** @throws {StorageFailure} unless `name` can name an object: known characters, 1,024 of them at most, no `.` or `..` step. */
export function checkObjectName(name: string): void {
  const steps = name.split("/");
  if (!objectName.test(name) || name.length > 1024 || steps.includes("..") || steps.includes("."))
    throw failures.invalidKey(name);
}

/** @throws {StorageFailure} unless `name` can name a bucket. */
export function checkBucketName(name: string): void {
  if (!bucketName.test(name) || name.length > 100 || name.trim() !== name || /^\.+$/.test(name))
    throw failures.invalidBucketName();
}

const units: Record<string, number> = { gb: 1e9, mb: 1e6, kb: 1e3, b: 1 };

/** Bytes of a limit such as `20MB`, or of a number of bytes. */
export function parseSize(size: number | string): number {
  if (typeof size === "number") return Math.floor(size);
  const [, amount, unit] = /^(\d+(?:\.\d+)?)(gb|mb|kb|b)$/i.exec(size) ?? [];
  if (!amount || !unit)
    throw failures.invalidRequest("Invalid file size format, hint: use 20GB / 20MB / 30KB / 3B");
  return Math.floor(Number(amount) * (units[unit.toLowerCase()] ?? 1));
}

/** @throws {StorageFailure} when a bucket's list of types doesn't hold `type`. */
export function checkMimeType(type: string, allowed: string[] | null): void {
  if (!allowed?.length) return;
  const [major, minor] = type.split("/");
  const fits = allowed.some((entry) => {
    const [allowedMajor, allowedMinor] = entry.split("/");
    return allowedMajor === major && minor !== undefined && (allowedMinor === "*" || allowedMinor === minor);
  });
  if (!fits) throw failures.invalidMimeType(type);
}
