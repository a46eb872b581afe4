export type ReleaseErrorCode = "not_found" | "changed" | "wrong_state" | "too_many";

/** What releases and roll-outs refuse, in a sentence that names the field where there is one. */
export class ReleaseError extends Error {
  readonly code: ReleaseErrorCode;

  constructor(code: ReleaseErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
