import { join, resolve } from "node:path";
import { type SignerLink, SignerSettings } from "@otedama/shared";
import type { Config } from "@otedama/shared/config";
import { type Home, keptSecret } from "./home.ts";

/** Limits of a signer whose operator set none: enough to try things on a chain of one's own, little elsewhere. */
const DEFAULT_LIMITS = {
  regtest: { transaction_sats_max: 1_000_000_000_000, day_sats_max: 10_000_000_000_000 },
  other: { transaction_sats_max: 100_000_000, day_sats_max: 300_000_000 },
};

/** Whether `otedama start` runs a signer of its own: where it also makes the address that blocks pay to. */
export function startsSigner(config: Config): boolean {
  const { signer, network, p2p_pool, stratum } = config;
  if (!stratum.enabled || network.name !== "regtest" || p2p_pool.payout_address !== undefined) return false;
  return signer.kind === undefined || (signer.kind === "reference" && signer.url === undefined);
}

/** `port`: where to listen when the configuration leaves it open. */
export function signerSettings(config: Config, home: Home, port: number): SignerSettings {
  const { reference_signer, network } = config;
  const limits = network.name === "regtest" ? DEFAULT_LIMITS.regtest : DEFAULT_LIMITS.other;
  const { host, socket, token, key_file, passphrase } = reference_signer;
  return SignerSettings.parse({
    data_dir: home.signer,
    log_level: config.log_level,
    network: network.name,
    listen: socket ? { socket: resolve(socket) } : { host, port: reference_signer.port || port },
    token: token ?? keptSecret(join(home.secrets, "signer_token")),
    key_file: key_file ? resolve(key_file) : join(home.secrets, `${network.name}_pool_payout.wif`),
    passphrase: passphrase ?? null,
    limits: {
      transaction_sats_max: reference_signer.max_per_transaction ?? limits.transaction_sats_max,
      day_sats_max: reference_signer.max_per_day ?? limits.day_sats_max,
      fee_sats_max: reference_signer.max_fee,
      fee_rate_max: reference_signer.max_fee_rate,
      outputs_max: reference_signer.max_outputs,
    },
  });
}

/** How the pool reaches its signer; `own` is the one that was started beside it. */
export function signerLink(config: Config, own: { url: string; token: string } | null): SignerLink {
  const { kind, url, user, password, token, command, timeout } = config.signer;
  switch (kind) {
    case "wallet":
      return { kind, url: url ?? "", user, password };
    case "command":
      return { kind, command, timeout_s: timeout };
    case "reference":
      if (url !== undefined && token !== undefined) return { kind, url, token };
      if (own) return { kind, url: own.url, token: own.token };
      throw new Error("signer.kind reference needs the signer's address and token: set signer.url and signer.token");
    default:
      return own && kind === undefined ? { kind: "reference", url: own.url, token: own.token } : { kind: "file" };
  }
}
