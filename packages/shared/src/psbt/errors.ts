export type PsbtErrorCode =
  /** Not a PSBT, in none of the forms it is handed around in. */
  | "not_a_psbt"
  /** Not the transaction that was given out. */
  | "changed"
  /** Signatures are missing. */
  | "incomplete"
  /** A signature does not hold. */
  | "bad_signature"
  /** The fee is out of bounds. */
  | "fee"
  /** An input that cannot be spent or checked here. */
  | "input"
  /** An output that nobody would relay. */
  | "output"
  /** Inputs do not cover the outputs and the fee. */
  | "short";

/** `message` says what is wrong and names the input, output or amount. */
export class PsbtError extends Error {
  readonly code: PsbtErrorCode;
  constructor(code: PsbtErrorCode, message: string) {
    super(message);
    this.name = "PsbtError";
    this.code = code;
  }
}
