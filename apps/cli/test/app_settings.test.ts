/** What the configuration becomes on its way to the pool's process. */
import { join } from "node:path";
import { loadConfig } from "@otedama/shared/config";
import { expect, test } from "vitest";
import { poolSettings } from "../src/stack/app_settings.ts";
import type { Home } from "../src/stack/home.ts";

const FACTS = {
  home: { pool: "/srv/otedama/pool" } as Home,
  database_url: "postgresql://localhost/otedama",
  nodes: [{ url: "http://127.0.0.1:8332", user: "", password: "", zmq: null }],
  payout_address: "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080",
  signer: { kind: "file" as const },
  thread_hashrate_hps: 1e6,
};

const stratumOf = (text: string) =>
  poolSettings(loadConfig({ file: { name: "config.yaml", text }, environment: {}, flags: [] }), FACTS, null).stratum;

test("lists, limits and the certificate reach the pool", () => {
  const stratum = stratumOf(`
stratum:
  allow: [10.0.0.0/8]
  deny: [10.9.0.0/16]
  trusted_proxies: [10.0.0.2]
  max_connects_per_second: 5
  max_messages_per_second: 6
  max_workers_per_connection: 7
  handshake_timeout: 8
  idle_timeout: 9
  slow_reader_timeout: 10
  ban_invalid_ratio: 0.25
  ban_after_shares: 11
  ban_time: 12
  tls: { cert_file: certs/pool.pem, key_file: /etc/pool.key }
`);
  expect(stratum).toMatchObject({
    allow: ["10.0.0.0/8"],
    deny: ["10.9.0.0/16"],
    trusted_proxies: ["10.0.0.2"],
    connects_per_address_per_s: 5,
    messages_per_s: 6,
    workers_per_connection_max: 7,
    handshake_timeout_s: 8,
    idle_timeout_s: 9,
    slow_reader_timeout_s: 10,
    ban_invalid_ratio: 0.25,
    ban_after_shares: 11,
    ban_s: 12,
    tls: { cert_file: join(process.cwd(), "certs/pool.pem"), key_file: "/etc/pool.key", connections_max: 10_000 },
  });
});

test("without a certificate there is no TLS", () => {
  expect(stratumOf("mode: pool").tls).toBeNull();
});
