import type { Actor } from "../audit.ts";

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

/** What an audit line keeps besides who and what, in the form of all other lines. */
export function auditDetails(actor: Actor, change: { before?: unknown; after?: unknown }): Record<string, unknown> {
  return {
    ...(change.before === undefined ? {} : { before: change.before }),
    ...(change.after === undefined ? {} : { after: change.after }),
    ...(actor.address === null ? {} : { address: actor.address }),
    ...(actor.api_key_id ? { api_key: actor.api_key_id } : {}),
  };
}
