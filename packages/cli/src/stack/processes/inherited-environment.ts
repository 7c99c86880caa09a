const passedOn = [
  "PATH",
  "HOME",
  "TMPDIR",
  "TEMP",
  "TMP",
  "SYSTEMROOT",
  "WINDIR",
  "LD_LIBRARY_PATH",
  "DYLD_LIBRARY_PATH",
];

/** What a server needs of our environment to run at all: not our secrets, and no PG… variable that would change its behaviour. */
export function inheritedEnvironment(): Record<string, string> {
  const entries = passedOn.flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return { ...Object.fromEntries(entries), LC_ALL: "C", TZ: "UTC" };
}
