export { FIRST_MINED_HEIGHT, HALVING_INTERVAL_BLOCKS, RETARGET_BLOCKS } from "./chain_heights.ts";
export { ChainSettings } from "./settings.ts";
export { CHAIN_MAIN, type RunningChain, startChain } from "./start_chain.ts";
