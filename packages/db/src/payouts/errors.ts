/** What a payout's function refuses, as a code and a sentence for the person who asked. */
export type PayoutErrorCode =
  /** There is no such batch, account or transaction. */
  | "not_found"
  /** The batch has gone on, or back, since the person looked. */
  | "wrong_state"
  /** The same person may not do it twice, or not alone. */
  | "not_allowed"
  /** What was handed in is not usable. */
  | "bad_input"
  /** No policy has been laid down yet. */
  | "no_policy"
  /** The balances changed since the dry run. */
  | "changed";

export class PayoutError extends Error {
  readonly code: PayoutErrorCode;
  constructor(code: PayoutErrorCode, message: string) {
    super(message);
    this.name = "PayoutError";
    this.code = code;
  }
}
