/** Rewards do not halve within a day, as regtest's would: this is the main network's interval. */
export const HALVING_INTERVAL_BLOCKS = 210_000;

/** Blocks between two retargets: ten minutes at 30 s a block. */
export const RETARGET_BLOCKS = 20;

/**
 * Height of the first block with real difficulty; a multiple of `RETARGET_BLOCKS`. The blocks below are easy and made at once: they
 * activate segwit (three windows of 20 blocks) and give the chain's own transactions some matured coins to spend.
 */
export const FIRST_MINED_HEIGHT = 140;
