/**
 * Payout addresses: what a miner logs in with and what a coinbase pays. Base58 (P2PKH, P2SH), segwit version 0 (BIP 173) and
 * version 1 (BIP 350), for the four networks of Bitcoin Core.
 */
import { Address, NETWORK, OutScript, TEST_NETWORK } from "@scure/btc-signer";
import type { Network } from "../settings/common.ts";
import { readSegwitSpelling, type SegwitSpelling } from "./segwit_spelling.ts";

export const NETWORK_PARAMETERS = {
  main: NETWORK,
  test: TEST_NETWORK,
  signet: TEST_NETWORK,
  regtest: { ...TEST_NETWORK, bech32: "bcrt" },
} satisfies Record<Network, typeof NETWORK>;

const NETWORK_NAMES: Record<Network, string> = {
  main: "the main network",
  test: "the test network",
  signet: "signet",
  regtest: "regtest",
};

/** Wallet import format, and the extended private keys of BIP 32 and SLIP 132. */
const PRIVATE_KEY = /^([5KL9c][1-9A-HJ-NP-Za-km-z]{50,51}|[a-zA-Z]prv[1-9A-HJ-NP-Za-km-z]{100,112})$/;

/** BIP 173: no bech32 string is longer. */
const ADDRESS_MAX = 90;

export type AddressErrorCode = "empty" | "wrong_network" | "wrong_checksum" | "wrong_type" | "private_key" | "not_an_address";

/** `message` is a sentence for the person who typed the address. */
export class AddressError extends Error {
  readonly code: AddressErrorCode;
  constructor(code: AddressErrorCode, message: string) {
    super(message);
    this.name = "AddressError";
    this.code = code;
  }
}

export interface PayoutAddress {
  /** Its one canonical spelling: bech32 in lower case. Two spellings are one account. */
  address: string;
  /** scriptPubKey. */
  script: Uint8Array;
}

/** Throws an AddressError. */
export function parseAddress(text: string, network: Network): PayoutAddress {
  if (text.length === 0) throw new AddressError("empty", "The payout address is missing: log in as ADDRESS or ADDRESS.WORKER.");
  const here = decode(text, network);
  if ("parsed" in here) return here.parsed;
  for (const other of ["main", "test", "regtest"] as const) {
    if ("parsed" in decode(text, other)) {
      throw new AddressError(
        "wrong_network",
        `${text} is an address of ${NETWORK_NAMES[other]}, and this pool mines on ${NETWORK_NAMES[network]}.`,
      );
    }
  }
  // Not shown again: what is refused ends up on screens and in logs.
  if (PRIVATE_KEY.test(text)) {
    throw new AddressError(
      "private_key",
      "This is a private key, not an address. Whoever has seen it can spend its coins: move them, and give an address.",
    );
  }
  const segwit = looksLikeBech32(text) ? readSegwitSpelling(text) : null;
  if (segwit !== null) throw wrongKind(show(text), segwit);
  if (looksLikeBech32(text) || here.checksum) {
    throw new AddressError("wrong_checksum", `${show(text)} has a wrong checksum: a character is mistyped or missing.`);
  }
  throw new AddressError("not_an_address", `${show(text)} is not a Bitcoin address.`);
}

/** A good checksum, and still no address that can be paid. */
function wrongKind(shown: string, { checksum, version, program_bytes }: SegwitSpelling): AddressError {
  if ((version === 0) !== (checksum === "bech32")) {
    const wanted = version === 0 ? "BIP 173 (bech32)" : "BIP 350 (bech32m)";
    return new AddressError(
      "wrong_checksum",
      `${shown} has not the checksum that its kind needs, ${wanted}: get the address anew from a current wallet.`,
    );
  }
  return new AddressError(
    "wrong_type",
    `${shown} is of a kind that cannot be paid (witness version ${version} with ${program_bytes} bytes): give a P2WPKH, P2WSH, taproot, P2SH or P2PKH address.`,
  );
}

/** The scriptPubKey that pays an address. Throws an AddressError. */
export function outputScript(address: string, network: Network): Uint8Array {
  return parseAddress(address, network).script;
}

/** The address that a scriptPubKey pays; null where it has none. */
export function scriptAddress(script: Uint8Array, network: Network): string | null {
  try {
    return Address(NETWORK_PARAMETERS[network]).encode(OutScript.decode(script));
  } catch {
    return null;
  }
}

function decode(text: string, network: Network): { parsed: PayoutAddress } | { checksum: boolean } {
  // A bech32 string in mixed case is invalid; in one case it is the same address.
  const spelling = text === text.toUpperCase() && looksLikeBech32(text) ? text.toLowerCase() : text;
  if (text.length > ADDRESS_MAX) return { checksum: false };
  const coder = Address(NETWORK_PARAMETERS[network]);
  try {
    const decoded = coder.decode(spelling);
    return { parsed: { address: coder.encode(decoded), script: OutScript.encode(decoded) } };
  } catch (error) {
    return { checksum: /checksum/i.test(error instanceof Error ? error.message : "") };
  }
}

function looksLikeBech32(text: string): boolean {
  return /^(bc|tb|bcrt)1/i.test(text);
}

/** Enough of what was typed to recognise it, and no more: the text may be anything. */
function show(text: string): string {
  const printable = text.replace(/[^\x21-\x7e]/g, "?");
  return printable.length <= 90 ? printable : `${printable.slice(0, 87)}...`;
}
