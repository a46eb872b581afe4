export const FLEET_ERRORS = ["not_found", "bad_input", "changed", "wrong_state", "taken", "too_many"] as const;
export type FleetErrorCode = (typeof FLEET_ERRORS)[number];

/** What the fleet refuses, in a sentence that names the field where there is one. */
export class FleetError extends Error {
  readonly code: FleetErrorCode;

  constructor(code: FleetErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
