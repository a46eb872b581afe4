/** A signer that refuses, with its reason, or that is away. The message is a sentence. */
export class SignerError extends Error {
  readonly code: "refused" | "away";
  constructor(code: SignerError["code"], message: string) {
    super(message);
    this.name = "SignerError";
    this.code = code;
  }
}

/** 4 MB of base64: more than any transaction that nodes relay. */
export const SIGNED_BYTES_MAX = 4_000_000;
