/**
 * Secrets that have to be read again (of second factors, of notice channels) are sealed before they go into the database, with a key
 * that is derived from the session secret, which is not in it: a stolen dump opens none of them. AES-256-GCM; the purpose chooses the
 * key, and what the secret belongs to is bound to it, so that a sealed text cannot be moved to another row.
 */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";

const VERSION = "s1";
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

export class SealBrokenError extends Error {
  constructor(purpose: string) {
    super(`a sealed ${purpose} cannot be opened: it was sealed under another session secret, or was changed`);
  }
}

export class Sealer {
  readonly #secret: string;

  constructor(options: { secret: string }) {
    this.#secret = options.secret;
  }

  seal(purpose: string, belongs_to: string, text: string): string {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv("aes-256-gcm", this.#key(purpose), nonce).setAAD(Buffer.from(belongs_to));
    const sealed = Buffer.concat([nonce, cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()]);
    return `${VERSION}.${sealed.toString("base64url")}`;
  }

  /** Throws SealBrokenError. */
  open(purpose: string, belongs_to: string, sealed: string): string {
    const [version, body = ""] = sealed.split(".");
    const bytes = Buffer.from(body, "base64url");
    if (version !== VERSION || bytes.length < NONCE_BYTES + TAG_BYTES) throw new SealBrokenError(purpose);
    try {
      const decipher = createDecipheriv("aes-256-gcm", this.#key(purpose), bytes.subarray(0, NONCE_BYTES))
        .setAAD(Buffer.from(belongs_to))
        .setAuthTag(bytes.subarray(-TAG_BYTES));
      return decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES), undefined, "utf8") + decipher.final("utf8");
    } catch {
      throw new SealBrokenError(purpose);
    }
  }

  #key(purpose: string): Buffer {
    return Buffer.from(hkdfSync("sha256", this.#secret, "otedama seal", purpose, 32));
  }
}
