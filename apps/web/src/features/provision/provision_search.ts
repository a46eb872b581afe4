import { parseAsInteger, parseAsStringLiteral } from "nuqs/server";

export const WAYS = ["ssh", "hand"] as const;

/** What is chosen on the provisioning screen, as it stands in the address. */
export const provisionSearch = {
  /** The run that is looked at. */
  run: parseAsInteger,
  way: parseAsStringLiteral(WAYS).withDefault("ssh"),
};
