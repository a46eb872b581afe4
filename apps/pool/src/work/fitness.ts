/**
 * Whether a node that answers may be mined on. Pure: facts in, a sentence out that says what is wrong and what to do, or null.
 */
import type { Network } from "@otedama/shared";

export interface ChainFacts {
  /** `chain` of getblockchaininfo. */
  chain: string;
  /** Hash of block 0; null where the node does not tell. */
  genesis: string | null;
  blocks: number;
  headers: number | null;
  initial_block_download: boolean;
  peers: number | null;
}

/** Names by which nodes call the networks of our settings. */
const CHAINS: Record<Network, readonly string[]> = {
  main: ["main"],
  test: ["test", "testnet4"],
  signet: ["signet"],
  regtest: ["regtest"],
};

/** Block 0 by what nodes call the chain (Bitcoin Core's kernel/chainparams.cpp). */
const GENESIS: Record<string, string> = {
  main: "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f",
  test: "000000000933ea01ad0ee984209779baaec3ced90fa3f408719526f8d77f4943",
  testnet4: "00000000da84f2bafbbc53dee25a72ae507ff4914b867c565be350b0da8bf043",
  signet: "00000008819873e925422c1ff0f99f7cc9bbb232af63a077a480a3633bee1ef6",
  regtest: "0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206",
};

/** A header can be there a moment before its block; more of them mean that the node is behind. */
const HEADERS_AHEAD_MAX = 2;
/** Blocks from the future by two hours are refused by the network; a clock that is wrong by this much will be wrong by more. */
export const CLOCK_SKEW_S_MAX = 600;

export interface FitnessRules {
  network: Network;
  /** Block 0 of the chain that the pool's other nodes are on; null while none has told. */
  genesis: string | null;
}

export function chainFault(name: string, facts: ChainFacts, rules: FitnessRules): string | null {
  const { network } = rules;
  if (!CHAINS[network].includes(facts.chain)) {
    return `${name} is on the network "${facts.chain.slice(0, 40)}" and this pool mines on "${network}": correct the node's address or the setting network.`;
  }
  if (facts.genesis !== null && facts.genesis !== GENESIS[facts.chain]) {
    return `${name} calls its chain "${facts.chain}", but that chain begins with another block (${facts.genesis.slice(0, 16)}…): it is a node of another currency.`;
  }
  if (facts.genesis !== null && rules.genesis !== null && facts.genesis !== rules.genesis) {
    return `${name} is on another test network than the pool's other nodes: take it out of the settings, or them.`;
  }
  const ahead = (facts.headers ?? facts.blocks) - facts.blocks;
  if (ahead > HEADERS_AHEAD_MAX) {
    return `${name} is syncing: it has ${facts.blocks} of the ${facts.headers} blocks that it has heard of. Mining on it starts when it has caught up.`;
  }
  // A private chain has no peers to wait for, and its blocks may be as old as they like.
  if (network === "regtest") return null;
  if (facts.initial_block_download) {
    return `${name} is still downloading the chain (block ${facts.blocks}); mining on it starts when it has caught up.`;
  }
  if (facts.peers === 0) {
    return `${name} has no peers, so its templates may be old and its blocks go nowhere; mining on it starts when it has found some.`;
  }
  return null;
}

/** `skew_s`: the node's clock against this machine's; null where it cannot be told. */
export function clockFault(name: string, skew_s: number | null): string | null {
  if (skew_s === null || Math.abs(skew_s) <= CLOCK_SKEW_S_MAX) return null;
  const minutes = Math.round(Math.abs(skew_s) / 60);
  return `The clock of ${name} is ${minutes} minutes ${skew_s > 0 ? "ahead of" : "behind"} this machine's, and blocks carry its time: set both clocks by NTP.`;
}
