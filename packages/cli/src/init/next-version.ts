/** A version in the form of `supabase migration new`, later than every one among the file names. */
export function nextVersion(names: readonly string[], now: Date): string {
  const versions = names.flatMap((name) => /^(\d{14})_/.exec(name)?.[1] ?? []);
  const fresh = now.toISOString().replaceAll(/\D/g, "").slice(0, 14);
  const latest = versions.sort().at(-1) ?? "";
  return fresh > latest ? fresh : `${BigInt(latest) + 1n}`;
}
