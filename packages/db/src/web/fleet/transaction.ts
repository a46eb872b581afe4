import type pg from "pg";
import type { Database } from "../../pool/connect.ts";

export { transaction } from "../../pool/connect.ts";

/** The control plane's pool; a transaction takes one of its clients. */
export type FleetDatabase = Database;
export type Transaction = pg.PoolClient;
