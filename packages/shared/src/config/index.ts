export { FOUR_EYES_ABOVE_SATS } from "./areas/payouts.ts";
export { type ConfigKey, configKeys, environmentName } from "./keys.ts";
export { ConfigError, type ConfigSources, type FlagValue, loadConfig } from "./load.ts";
export { nearest } from "./nearest.ts";
export { type Config, type ConfigInput, ConfigSchema, MODES } from "./schema.ts";
