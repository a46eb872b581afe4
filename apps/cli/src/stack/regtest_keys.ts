import { createECDH } from "node:crypto";
import { join } from "node:path";
import { p2wpkh, utils, WIF } from "@scure/btc-signer";
import { keptSecret } from "./home.ts";

/** Bitcoin Core's parameters for regtest. */
const REGTEST = { bech32: "bcrt", pubKeyHash: 0x6f, scriptHash: 0xc4, wif: 0xef };

/**
 * An address of the development chain whose key lies in the owner's secrets, outside the folders of the pool and the miner: both get
 * the address only. For other networks people bring an address of their own wallet.
 */
export function keptRegtestAddress(secrets_dir: string, name: "pool_payout" | "miner"): string {
  const codec = WIF(REGTEST);
  const key = codec.decode(
    keptSecret(join(secrets_dir, `regtest_${name}.wif`), () => codec.encode(utils.randomPrivateKeyBytes())),
  );
  const pair = createECDH("secp256k1");
  pair.setPrivateKey(Buffer.from(key));
  const { address } = p2wpkh(new Uint8Array(pair.getPublicKey(null, "compressed")), REGTEST);
  if (!address) throw new Error("an address could not be derived from its key");
  return address;
}
