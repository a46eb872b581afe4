import { hostname } from "node:os";
import { resolve } from "node:path";
import {
  type AgentHub,
  AgentSettings,
  checkPolicy,
  type HubLink,
  PAYOUT_SCHEMES,
  type PoolPolicy,
  PoolSettings,
  type SignerLink,
  type UpstreamPool,
  WebSettings,
} from "@otedama/shared";
import { type Config, FOUR_EYES_ABOVE_SATS } from "@otedama/shared/config";
import { HALVING_INTERVAL_BLOCKS } from "@otedama/simulator/chain";
import type { Home } from "./home.ts";

/** What turns a configuration into the settings of running processes: addresses that are known only once the parts below run. */
export interface StackFacts {
  home: Home;
  database_url: string;
  nodes: PoolSettings["nodes"];
  payout_address: string;
  signer: SignerLink;
  /** Of one mining thread; makes the first difficulty on regtest fit the machine. */
  thread_hashrate_hps: number;
}

const HASHES_PER_DIFFICULTY = 2 ** 32;

export function webSettings(config: Config, facts: StackFacts, session_secret: string): WebSettings {
  const { host, port } = config.api;
  return WebSettings.parse({
    data_dir: facts.home.web,
    log_level: config.log_level,
    listen: { host, port },
    public_url: dashboardUrl(config),
    network: config.network.name,
    database_url: facts.database_url,
    session_secret,
    trusted_proxies: config.api.trusted_proxies,
    notices: { allow_private_targets: config.notices.allow_private_targets, smtp: smtpSettings(config.notices.smtp) },
    releases: { build_folder: config.releases.build_folder === undefined ? null : resolve(config.releases.build_folder) },
  });
}

function smtpSettings({ host, from, ...others }: Config["notices"]["smtp"]): WebSettings["notices"]["smtp"] {
  return host === undefined || from === undefined ? null : { host, from, ...others };
}

/** The address that people type. */
export function dashboardUrl(config: Config): string {
  return config.api.public_url?.replace(/\/$/, "") ?? `http://${reachable(config.api)}`;
}

/** How this machine itself reaches what listens there. */
export function reachable({ host, port }: { host: string; port: number }): string {
  if (host === "0.0.0.0" || host === "::") return `127.0.0.1:${port}`;
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Paths as they are meant where the command is given. */
function tlsSettings({ cert_file, key_file, max_connections }: Config["stratum"]["tls"]): PoolSettings["stratum"]["tls"] {
  if (cert_file === undefined || key_file === undefined) return null;
  return { cert_file: resolve(cert_file), key_file: resolve(key_file), connections_max: max_connections };
}

export function poolSettings(config: Config, facts: StackFacts, hub: HubLink | null): PoolSettings {
  const { stratum, p2p_pool, monitoring } = config;
  const regtest = config.network.name === "regtest";
  const target_time_s = stratum.target_time ?? (regtest ? 1.5 : 10);
  const fitted_diff = (facts.thread_hashrate_hps * target_time_s) / HASHES_PER_DIFFICULTY;
  const min_diff = stratum.min_diff ?? (regtest ? 1e-6 : 1);
  const wanted_diff = stratum.initial_diff ?? (regtest ? fitted_diff : 1024);
  return PoolSettings.parse({
    data_dir: facts.home.pool,
    log_level: config.log_level,
    instance_id: stratum.instance_id,
    extranonce_prefix: stratum.extranonce_prefix,
    network: config.network.name,
    nodes: facts.nodes,
    halving_interval_blocks: config.chain.nodes.length === 0 ? HALVING_INTERVAL_BLOCKS : null,
    stratum: {
      listen: [{ host: stratum.host, port: stratum.port }],
      threads: stratum.threads,
      var_diff: stratum.var_diff,
      version_mask: stratum.version_mask,
      connections_max: stratum.max_connections,
      connections_per_address_max: stratum.max_connections_per_address,
      connects_per_address_per_s: stratum.max_connects_per_second,
      messages_per_s: stratum.max_messages_per_second,
      workers_per_connection_max: stratum.max_workers_per_connection,
      handshake_timeout_s: stratum.handshake_timeout,
      idle_timeout_s: stratum.idle_timeout,
      slow_reader_timeout_s: stratum.slow_reader_timeout,
      ban_invalid_ratio: stratum.ban_invalid_ratio,
      ban_after_shares: stratum.ban_after_shares,
      ban_s: stratum.ban_time,
      allow: stratum.allow,
      deny: stratum.deny,
      trusted_proxies: stratum.trusted_proxies,
      tls: tlsSettings(stratum.tls),
      ack: stratum.ack,
    },
    pool: {
      name: p2p_pool.name,
      payout_address: facts.payout_address,
      maturity_confirmations: p2p_pool.maturity_confirmations,
    },
    policy: policyOf(config, {
      initial: Math.min(Math.max(wanted_diff, min_diff), stratum.max_diff),
      min: min_diff,
      max: stratum.max_diff,
      target_time_s,
    }),
    receipts: { keep_days: p2p_pool.receipt_days, shares_kept_max: p2p_pool.receipt_shares_max },
    retention: { bucket_days: p2p_pool.bucket_days },
    payouts: {
      signer: facts.signer,
      psbt_version: config.signer.psbt_version,
      descriptors: config.signer.descriptors,
      descriptor_scan_minutes: config.signer.descriptor_scan,
    },
    database_url: facts.database_url,
    hub,
    metrics: monitoring.enabled ? { host: monitoring.host, port: monitoring.port } : null,
  });
}

/** What the settings file asks of the pool. Throws a PolicyError for an address of another network. */
function policyOf(config: Config, difficulty: PoolPolicy["difficulty"]): PoolPolicy {
  const { p2p_pool, payouts } = config;
  const fee = config.mode === "solo" ? 0 : p2p_pool.fee_percentage;
  const fees = PAYOUT_SCHEMES.map((scheme) => [scheme, p2p_pool.fee_percentages[scheme] ?? fee]);
  const { donation_address: address, donation_percentage: percent } = p2p_pool;
  const { max_fee_rate, min_fee_rate, max_outputs, min_threshold_sats, corrections_four_eyes_above_sats, ...others } = payouts;
  const { fee_address, fee_threshold_sats, fee_keep_sats, ...rest } = others;
  const policy = {
    scheme: p2p_pool.payout_scheme,
    solo_allowed: p2p_pool.solo_allowed,
    fee_percent: Object.fromEntries(fees),
    fee_exempt_addresses: p2p_pool.fee_exempt_addresses,
    donation: address === undefined || percent === 0 ? null : { address, percent },
    finder_bonus_percent: p2p_pool.finder_bonus_percentage,
    pplns_window: p2p_pool.pplns_window,
    coinbase_text: p2p_pool.coinbase_text,
    difficulty,
    payouts: {
      ...rest,
      ...approvals(config),
      threshold_min_sats: min_threshold_sats,
      fee_rate_min: min_fee_rate,
      fee_rate_max: max_fee_rate,
      outputs_max: max_outputs,
      fee_payout:
        fee_address === undefined ? null : { address: fee_address, threshold_sats: fee_threshold_sats, keep_sats: fee_keep_sats },
    },
    correction_four_eyes_above_sats: corrections_four_eyes_above_sats,
  };
  return checkPolicy(policy, config.network.name);
}

/** On a chain of one's own ordinary payouts go by themselves, so that they are seen to go. */
function approvals({ payouts, network }: Config): { unattended_max_sats: number; four_eyes_above_sats: number } {
  const regtest = network.name === "regtest";
  const four_eyes_above_sats = payouts.four_eyes_above_sats ?? FOUR_EYES_ABOVE_SATS[regtest ? "regtest" : "other"];
  return { unattended_max_sats: payouts.unattended_max_sats ?? (regtest ? four_eyes_above_sats : 0), four_eyes_above_sats };
}

export function agentSettings(
  config: Config,
  options: {
    data_dir: string;
    pools: UpstreamPool[];
    hub: AgentHub | null;
    status_line: boolean;
    supervision: AgentSettings["supervision"];
  },
): AgentSettings {
  const { mining } = config;
  return AgentSettings.parse({
    data_dir: options.data_dir,
    log_level: config.log_level,
    name: (mining.name ?? hostname()).slice(0, 64) || "miner",
    hub: options.hub,
    algorithm: mining.algorithm,
    pools: options.pools,
    threads: mining.threads,
    nice: mining.nice,
    status_line: options.status_line,
    supervision: options.supervision,
  });
}

/** The machine's name as a worker's: what every pool takes. */
export function workerName(): string {
  return (
    hostname()
      .toLowerCase()
      .replace(/[^a-z0-9-]+/g, "-")
      .replace(/^-+|-+$/g, "")
      .slice(0, 32) || "local"
  );
}
