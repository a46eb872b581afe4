import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { FullNode, KeyRing } from "bcoin";
import { FIRST_MINED_HEIGHT } from "./chain_heights.ts";
import { dropNullBounds } from "./level_bounds.ts";
import { applyNetworkRules, bitsFor, type ChainRules, stepDifficulty } from "./network_rules.ts";
import type { ChainSettings } from "./settings.ts";

export interface OpenChain {
  node: FullNode;
  /** Owns the coins of the first, easy blocks. */
  ring: KeyRing;
}

/** Opens the node, and at the first start mines the easy blocks below `FIRST_MINED_HEIGHT`. */
export async function openChain(settings: ChainSettings): Promise<OpenChain> {
  const rules = keptRules(settings);
  // The network's parameters are fixed once bcoin is loaded.
  applyNetworkRules(rules);
  await dropNullBounds();
  const { default: bcoin } = await import("bcoin");
  const { speakAsCore } = await import("./core_dialect.ts");

  const node = new bcoin.FullNode({
    network: "regtest",
    memory: settings.dir === null,
    ...(settings.dir === null ? {} : { prefix: settings.dir }),
    httpHost: "127.0.0.1",
    httpPort: settings.port,
    apiKey: settings.rpc_password,
    listen: false,
    indexTx: true,
    indexAddress: true,
    persistentMempool: settings.dir !== null,
    replaceByFee: true,
    workers: false,
    coinbaseFlags: "",
    logLevel: "none",
  });
  stepDifficulty(node.chain, rules);
  speakAsCore(node);
  if (settings.dir !== null) await node.ensure();
  await node.open();

  const secret = keptSecret(settings, () => bcoin.KeyRing.generate().toSecret("regtest"));
  const ring = bcoin.KeyRing.fromSecret(secret, "regtest");
  ring.witness = true;
  await mineFirstBlocks(node, ring, rules.block_interval_s);
  return { node, ring };
}

/** Dated back, one interval apart, so that the time rule (BIP 113) leaves room for blocks that come fast. */
async function mineFirstBlocks(node: FullNode, ring: KeyRing, block_interval_s: number): Promise<void> {
  const { chain, miner } = node;
  const begin_s = Math.floor(Date.now() / 1000) - FIRST_MINED_HEIGHT * block_interval_s;
  while (chain.height < FIRST_MINED_HEIGHT - 1) {
    const job = await miner.createJob(chain.tip, ring.getAddress());
    job.attempt.time = Math.max(chain.tip.time + 1, Math.floor(begin_s + (chain.height + 1) * block_interval_s));
    const entry = await chain.add(await job.mineAsync());
    if (!entry) throw new Error(`The development chain refused its own block at height ${chain.height + 1}`);
  }
}

function keptRules(settings: ChainSettings): ChainRules {
  const { hashrate_hps, block_interval_s } = settings;
  const fresh: ChainRules = {
    block_interval_s,
    first_bits: hashrate_hps === null ? null : bitsFor(hashrate_hps, block_interval_s),
    retarget: settings.retarget,
  };
  return settings.dir === null
    ? fresh
    : (JSON.parse(kept(settings.dir, "rules.json", () => JSON.stringify(fresh))) as ChainRules);
}

function keptSecret(settings: ChainSettings, make: () => string): string {
  return settings.dir === null ? make() : kept(settings.dir, "first_coins.key", make);
}

/** Reads a small file, or makes it whole: half a file is never seen. */
function kept(dir: string, name: string, make: () => string): string {
  const path = join(dir, name);
  if (!existsSync(path)) {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    writeFileSync(`${path}.new`, make(), { mode: 0o600 });
    renameSync(`${path}.new`, path);
  }
  return readFileSync(path, "utf8");
}
