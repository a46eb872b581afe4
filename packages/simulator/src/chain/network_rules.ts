import type { Chain, Entry } from "bcoin";
import networks from "bcoin/lib/protocol/networks.js";
import { FIRST_MINED_HEIGHT, HALVING_INTERVAL_BLOCKS, RETARGET_BLOCKS } from "./chain_heights.ts";

/** What the first start of a chain decided; kept beside its blocks, because every node must judge them by the same rules. */
export interface ChainRules {
  block_interval_s: number;
  /** Compact target of the first block that has to be mined in earnest; null keeps every block at regtest's limit. */
  first_bits: number | null;
  /** Whether Bitcoin's rule adapts the difficulty after that; absent in chains from before this was a choice. */
  retarget?: boolean;
}

/**
 * Turns bcoin's regtest into the development network. Must run before bcoin itself is loaded. Addresses and keys get the prefixes of
 * Bitcoin Core's regtest, BIP 34, 65 and 66 hold from the start as on every live network, and rewards do not halve within a day.
 */
export function applyNetworkRules(rules: ChainRules): void {
  const { regtest } = networks;
  regtest.halvingInterval = HALVING_INTERVAL_BLOCKS;
  regtest.minerWindow = 20;
  regtest.activationThreshold = 15;
  Object.assign(regtest.block, { bip34height: 1, bip65height: 1, bip66height: 1 });
  Object.assign(regtest.keyPrefix, { privkey: 0xef, xpubkey: 0x043587cf, xprivkey: 0x04358394 });
  Object.assign(regtest.addressPrefix, { pubkeyhash: 0x6f, scripthash: 0xc4, bech32: "bcrt" });
  Object.assign(regtest.pow, {
    targetSpacing: rules.block_interval_s,
    retargetInterval: RETARGET_BLOCKS,
    targetTimespan: rules.block_interval_s * RETARGET_BLOCKS,
    targetReset: false,
    noRetargeting: rules.first_bits === null || rules.retarget === false,
  });
}

/** Steps the difficulty once, at the first mined height; before it is regtest's lowest, after it Bitcoin's retarget rule decides. */
export function stepDifficulty(chain: Chain, rules: ChainRules): void {
  const { first_bits } = rules;
  if (first_bits === null) return;
  const retargeted = chain.getTarget.bind(chain);
  chain.getTarget = async (time: number, previous: Entry | null) => {
    const height = previous ? previous.height + 1 : 0;
    if (height < FIRST_MINED_HEIGHT) return networks.regtest.pow.bits;
    if (height === FIRST_MINED_HEIGHT) return first_bits;
    return retargeted(time, previous);
  };
}

/** Compact form (`nBits`) of the target that one block in `block_interval_s` meets at the given rate, never easier than regtest's. */
export function bitsFor(hashrate_hps: number, block_interval_s: number): number {
  const hashes = BigInt(Math.max(2, Math.round(hashrate_hps * block_interval_s)));
  const target = 2n ** 256n / hashes;
  let hex = target.toString(16);
  if (hex.length % 2 === 1) hex = `0${hex}`;
  // The mantissa is signed: a leading byte of 0x80 or more needs a zero before it.
  if (Number.parseInt(hex.slice(0, 2), 16) >= 0x80) hex = `00${hex}`;
  const mantissa = Number.parseInt(hex.slice(0, 6).padEnd(6, "0"), 16);
  const bits = (hex.length / 2) * 2 ** 24 + mantissa;
  return Math.min(bits, 0x207fffff);
}
