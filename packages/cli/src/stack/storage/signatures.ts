import { createHmac } from "node:crypto";
import { type JWTPayload, jwtVerify, SignJWT } from "jose";
import { failures } from "./failure.js";

interface UploadPermit {
  owner: string | undefined;
  upsert: boolean;
}

/** Signs and checks the tokens of signed URLs, each good for one object and one direction. */
export class UrlSignatures {
  readonly #key: Uint8Array;

  /** The key is made from the project's secret and isn't that secret: what signs a URL signs no identity. */
  constructor(jwtSecret: string) {
    this.#key = createHmac("sha256", jwtSecret).update("storage signed urls").digest();
  }

  /** `seconds` from now on, whoever has the token may download `<bucket>/<name>`. */
  signDownload(url: string, seconds: number): Promise<string> {
    return this.#sign({ url, scope: "download" }, seconds);
  }

  /** For two hours, as on the real service. */
  signUpload(url: string, { owner, upsert }: UploadPermit): Promise<string> {
    return this.#sign({ url, scope: "upload", upsert, ...(owner ? { owner } : {}) }, 7200);
  }

  /** Returns until when, in seconds since 1970. */
  async checkDownload(token: string | undefined, url: string): Promise<number> {
    return (await this.#check(token, url, "download")).exp ?? 0;
  }

  async checkUpload(token: string | undefined, url: string): Promise<UploadPermit> {
    const { owner, upsert } = await this.#check(token, url, "upload");
    return { owner: typeof owner === "string" ? owner : undefined, upsert: upsert === true };
  }

  #sign(claims: JWTPayload, seconds: number): Promise<string> {
    const now = Math.floor(Date.now() / 1000);
    return new SignJWT(claims)
      .setProtectedHeader({ alg: "HS256", typ: "JWT" })
      .setIssuedAt(now)
      .setExpirationTime(now + seconds)
      .sign(this.#key);
  }

  async #check(token: string | undefined, url: string, scope: string): Promise<JWTPayload> {
    if (!token) throw failures.invalidShape("querystring must have required property 'token'");
    let claims: JWTPayload;
    try {
      claims = (await jwtVerify(token, this.#key, { algorithms: ["HS256"] })).payload;
    } catch (error) {
      throw failures.invalidToken((error as Error).message);
    }
    if (claims.scope !== scope) throw failures.invalidSignature(`Token is not scoped for ${scope}`);
    if (claims.url !== url) throw failures.invalidSignature();
    return claims;
  }
}
