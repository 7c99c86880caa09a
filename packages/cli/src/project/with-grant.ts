import type { Behalf } from "behalf";

export interface WithGrantOptions {
  /** What the grant is narrowed to: words between spaces. */
  scope?: string | undefined;
}

/** A payload with a grant of a user for it, sealed as an app does where the user's request is. */
export async function withGrant(
  behalf: Pick<Behalf, "grant" | "mintToken">,
  userId: string,
  task: string,
  payload: unknown,
  { scope }: WithGrantOptions = {},
): Promise<{ grant: string }> {
  const { token: accessToken } = await behalf.mintToken(userId);
  const { grant } = await behalf.grant({
    accessToken,
    task,
    payload,
    expiresIn: "15m",
    ...(scope === undefined ? {} : { scope: scope.trim().split(/\s+/) }),
  });
  return { ...(payload as object), grant };
}
