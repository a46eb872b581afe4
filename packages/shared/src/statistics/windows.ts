/** Windows that luck is told over. */
export const LUCK_WINDOWS = [
  { window: "10 blocks", blocks: 10 },
  { window: "50 blocks", blocks: 50 },
  { window: "100 blocks", blocks: 100 },
  { window: "7 d", days: 7 },
  { window: "30 d", days: 30 },
  { window: "90 d", days: 90 },
] as const;
/** Windows that refused shares are told over. */
export const REJECT_WINDOWS = [
  { window: "1 h", seconds: 3_600 },
  { window: "24 h", seconds: 86_400 },
  { window: "7 d", seconds: 604_800 },
  { window: "30 d", seconds: 2_592_000 },
] as const;
export const REJECT_REASONS_LOGGED = ["stale", "duplicate", "low_difficulty", "invalid"] as const;
