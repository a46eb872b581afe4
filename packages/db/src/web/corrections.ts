/** Corrections of the ledger with the addresses that their postings name. */
import type { CorrectionDto } from "@otedama/shared";
import { type Correction, listCorrections } from "../pool/corrections.ts";
import type { Sql } from "./database.ts";

/** Those that wait first, then the newest of the others. */
export async function listCorrectionsNamed(sql: Sql, limit: number): Promise<CorrectionDto[]> {
  const waiting = await listCorrections(sql, "proposed", limit);
  const newest = (await listCorrections(sql, null, limit)).filter((correction) => correction.state !== "proposed");
  const corrections = [...waiting, ...newest].slice(0, limit);
  const ids = corrections.flatMap((correction) => correction.postings.flatMap((posting) => posting.account_id ?? []));
  const { rows } = await sql.query<{ id: number; address: string }>("SELECT id, address FROM account WHERE id = ANY($1::int[])", [
    ids,
  ]);
  const addresses = new Map(rows.map((row) => [row.id, row.address]));
  return corrections.map((correction) => toDto(correction, addresses));
}

function toDto(correction: Correction, addresses: ReadonlyMap<number, string>): CorrectionDto {
  return {
    ...correction,
    amount_sats: Number(correction.amount_sats),
    postings: correction.postings.map((posting) => ({
      ...posting,
      address: posting.account_id === null ? null : (addresses.get(posting.account_id) ?? null),
      amount_sats: Number(posting.amount_sats),
    })),
  };
}

/** Null when nobody logged in with this address. */
export async function accountOfAddress(sql: Sql, address: string): Promise<number | null> {
  const { rows } = await sql.query<{ id: number }>("SELECT id FROM account WHERE address = $1", [address]);
  return rows[0]?.id ?? null;
}
