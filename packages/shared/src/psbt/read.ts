import { Transaction } from "@scure/btc-signer";
import { hexToBytes } from "../bitcoin/bytes.ts";
import { PsbtError } from "./errors.ts";

/** 4 MB of base64: no transaction that a node relays comes near. */
const TEXT_MAX = 4_000_000;
const MAGIC = "70736274ff";

const OPTIONS = { allowUnknownInputs: true, allowUnknownOutputs: true, allowLegacyWitnessUtxo: true, disableScriptCheck: true };

/** A PSBT (BIP 174 or 370) in base64, hex or as bytes. Throws a PsbtError `not_a_psbt`. */
export function readPsbt(given: string | Uint8Array): Transaction {
  const bytes = typeof given === "string" ? textBytes(given) : given;
  try {
    return Transaction.fromPSBT(bytes, OPTIONS);
  } catch (error) {
    throw new PsbtError("not_a_psbt", `This PSBT cannot be read: ${(error as Error).message.slice(0, 200)}.`);
  }
}

function textBytes(given: string): Uint8Array {
  const text = given.replace(/\s+/g, "");
  if (text.length === 0) throw new PsbtError("not_a_psbt", "The PSBT is empty.");
  if (text.length > TEXT_MAX) throw new PsbtError("not_a_psbt", `The PSBT is longer than ${TEXT_MAX} characters.`);
  if (text.toLowerCase().startsWith(MAGIC) && /^([0-9a-f]{2})+$/i.test(text)) return hexToBytes(text);
  if (!text.startsWith("cHNidP") || !/^[A-Za-z0-9+/]+={0,2}$/.test(text)) {
    throw new PsbtError("not_a_psbt", 'This is not a PSBT: in base64 it begins with "cHNidP", in hex with "70736274ff".');
  }
  try {
    return Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
  } catch {
    throw new PsbtError("not_a_psbt", "This PSBT's base64 is damaged: a character is missing or mistyped.");
  }
}

/** In the version the signer asks for. */
export function encodePsbt(transaction: Transaction, version: 0 | 2 = 0): string {
  let binary = "";
  for (const byte of transaction.toPSBT(version)) binary += String.fromCharCode(byte);
  return btoa(binary);
}

/** The same PSBT in another version. Throws a PsbtError. */
export function convertPsbt(psbt: string, version: 0 | 2): string {
  return encodePsbt(readPsbt(psbt), version);
}
