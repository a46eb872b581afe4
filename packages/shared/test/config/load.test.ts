import { type ConfigError, loadConfig } from "@otedama/shared/config";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

interface Given {
  text?: string;
  environment?: Record<string, string>;
  flags?: { path: string; value: unknown; option: string }[];
}
const load = ({ text = "", environment = {}, flags = [] }: Given) =>
  loadConfig({ file: { name: "config.yaml", text }, environment, flags });

function problems(given: Given): string[] {
  try {
    load(given);
  } catch (error) {
    return (error as ConfigError).problems;
  }
  return [];
}

describe("a configuration", () => {
  test("of nothing is whole", () => {
    expect(load({})).toMatchObject({
      mode: "auto",
      network: { name: "regtest" },
      stratum: { port: 3333, var_diff: true },
      api: { port: 8080 },
    });
  });

  test("takes the names that users of the original know", () => {
    const config = load({
      text: `
mode: pool
log_level: warn
network: { name: regtest }
mining:
  pools:
    - url: stratum+tcp://pool.example:3333
      user: bcrt1q.rig
api: { port: 8081 }
monitoring: { port: 9091 }
p2p_pool: { fee_percentage: 1.5 }
stratum: { var_diff: false, min_diff: 0.01, max_diff: 4096, target_time: 5 }
`,
    });
    expect(config).toMatchObject({
      mode: "pool",
      p2p_pool: { fee_percentage: 1.5 },
      stratum: { var_diff: false, min_diff: 0.01, target_time: 5 },
    });
    expect(config.mining.pools[0]).toEqual({ url: "stratum+tcp://pool.example:3333", user: "bcrt1q.rig", password: "x" });
  });

  test("gives the command line the last word, then the environment, then the file", () => {
    const text = "stratum:\n  port: 1\n  host: file.example\nlog_level: debug";
    const environment = { OTEDAMA_STRATUM_PORT: "2", OTEDAMA_LOG_LEVEL: "warn" };
    const flags = [{ path: "stratum.port", value: "3", option: "-stratum" }];
    expect(load({ text, environment, flags })).toMatchObject({ log_level: "warn", stratum: { port: 3, host: "file.example" } });
  });

  test("takes networks and single addresses, from the environment too", () => {
    const text =
      "stratum:\n  deny: [192.0.2.0/24, 2001:db8::/32, 198.51.100.7, '::1']\n  tls: { cert_file: a.pem, key_file: b.pem }";
    const environment = { OTEDAMA_STRATUM_ALLOW: "[10.0.0.0/8]", OTEDAMA_STRATUM_TLS_MAX_CONNECTIONS: "5" };
    expect(load({ text, environment }).stratum).toMatchObject({
      allow: ["10.0.0.0/8"],
      deny: ["192.0.2.0/24", "2001:db8::/32", "198.51.100.7", "::1"],
      tls: { cert_file: "a.pem", key_file: "b.pem", max_connections: 5 },
    });
  });

  test("knows the names that other tools use", () => {
    const config = load({ environment: { DATABASE_URL: "postgresql://u:p@db/otedama", OTEDAMA_HOME: "/srv/otedama" } });
    expect(config).toMatchObject({ data_dir: "/srv/otedama", database: { url: "postgresql://u:p@db/otedama" } });
  });
});

describe("a mistake names its line, its key and the nearest right one", () => {
  test.each([
    [
      "mode: pool\nstratum:\n  min_dif: 3",
      "config.yaml line 3: there is no setting stratum.min_dif, did you mean stratum.min_diff?",
    ],
    ["min_diff: 3", "config.yaml line 1: there is no setting min_diff, did you mean stratum.min_diff?"],
    ["zzzzzzzz: 3", "config.yaml line 1: there is no setting zzzzzzzz"],
    ["\nmode: slo", 'config.yaml line 2: mode: "slo" will not do: choose auto, solo, pool, miner, signer (did you mean solo?)'],
    ["stratum:\n  port: 99999", "config.yaml line 2: stratum.port: 99999 will not do: a number, 1 to 65535"],
    ["stratum:\n  var_diff: maybe", 'config.yaml line 2: stratum.var_diff: "maybe" will not do: choose true or false'],
    ["mining: 3", "config.yaml line 1: mining: 3 will not do: a section holds indented `key: value` lines"],
    [
      "mining:\n  pools: stratum+tcp://h:1",
      'config.yaml line 2: mining.pools: "stratum+tcp://h:1" will not do: a list of entries, each beginning with a dash',
    ],
    [
      "mining:\n  pools:\n    - url: http://x\n      user: a",
      'config.yaml line 3: mining.pools[0].url: "http://x" will not do: must look like stratum+tcp://HOST:PORT',
    ],
    [
      "mining:\n  pools:\n    - url: stratum+tcp://h:1",
      "config.yaml line 3: mining.pools[0].user: is missing: it has no default",
    ],
    ["mode: auto\nmode: pool", "config.yaml line 2: Map keys must be unique"],
    ["- mode", "config.yaml line 1: a configuration is a list of `key: value` lines"],
    ["stratum:\n  min_diff: 8\n  max_diff: 4", "config.yaml line 2: stratum.min_diff: must not be above stratum.max_diff"],
    [
      "network:\n  name: main\np2p_pool:\n  payout_address: bc1q",
      "config.yaml line 2: network.name: the main network needs the address of a node in chain.nodes",
    ],
    [
      "stratum:\n  allow:\n    - 10.0.0.0/8\n    - 10.0.0.0/40",
      'config.yaml line 4: stratum.allow[1]: "10.0.0.0/40" will not do: must be a network such as 10.0.0.0/8 or 2001:db8::/32, or one address',
    ],
    [
      "stratum:\n  deny: 10.0.0.1",
      'config.yaml line 2: stratum.deny: "10.0.0.1" will not do: a list of entries, each beginning with a dash',
    ],
    ["stratum:\n  ban_invalid_ratio: 50", "config.yaml line 2: stratum.ban_invalid_ratio: 50 will not do: a number, 0 to 1"],
    ["stratum:\n  tls:\n    cert_file: a.pem", "config.yaml line 3: stratum.tls.cert_file: needs stratum.tls.key_file"],
    ["stratum:\n  tls:\n    key_file: a.pem", "config.yaml line 3: stratum.tls.key_file: needs stratum.tls.cert_file"],
    [
      "stratum:\n  tls:\n    certfile: a.pem",
      "config.yaml line 3: there is no setting stratum.tls.certfile, did you mean stratum.tls.cert_file?",
    ],
    ["mode: miner", "config.yaml line 1: mode: mode miner needs a pool in mining.pools, or -pool URL with -user"],
    ["control_plane:\n  url: http://farm.example", "config.yaml line 2: control_plane.url: needs control_plane.token"],
  ])("%j", (text, problem) => {
    expect(problems({ text })).toContain(problem);
  });

  test.each([
    [
      { OTEDAMA_STRATUM_MIN_DIF: "3" },
      "environment variable OTEDAMA_STRATUM_MIN_DIF: there is no such setting, did you mean OTEDAMA_STRATUM_MIN_DIFF?",
    ],
    [
      { OTEDAMA_STRATUM_PORT: "abc" },
      'environment variable OTEDAMA_STRATUM_PORT: stratum.port: "abc" will not do: a number, 1 to 65535',
    ],
  ])("%j", (environment, problem) => {
    expect(problems({ environment })).toEqual([problem]);
  });

  test("of the command line as well", () => {
    const flags = [{ path: "mining.threads", value: "-1", option: "-threads" }];
    expect(problems({ flags })).toEqual(["option -threads: mining.threads: -1 will not do: a number, 0 to 1024"]);
  });

  test("without showing a password", () => {
    const [problem] = problems({ environment: { DATABASE_URL: "mysql://user:hunter2@db" } });
    expect(problem).toBe(
      "environment variable DATABASE_URL: database.url: the value given will not do: must begin with postgresql://",
    );
  });

  test("all of them at once", () => {
    expect(problems({ text: "a_setting: 1\nmode: solos\nstratum:\n  port: -1" })).toHaveLength(3);
  });
});

describe("a part that is not built yet is refused", () => {
  test.each([
    ["mining:\n  gpu: true", "config.yaml line 2: mining.gpu: GPU mining is not built yet: leave it at false"],
    ["mining:\n  asic: true", "config.yaml line 2: mining.asic: ASIC control is not built yet: leave it at false"],
    [
      "p2p_pool:\n  enabled: true",
      "config.yaml line 2: p2p_pool.enabled: The peer-to-peer pool is not built yet: leave it at false",
    ],
    ["stratum:\n  v2_enabled: true", "config.yaml line 2: stratum.v2_enabled: Stratum V2 is not built yet: leave it at false"],
    [
      "mining:\n  algorithm: scrypt",
      'config.yaml line 2: mining.algorithm: "scrypt" will not do: choose sha256d: other algorithms are not built yet',
    ],
  ])("%j", (text, problem) => {
    expect(problems({ text })).toEqual([problem]);
  });

  test("but may be said to be off", () => {
    expect(problems({ text: "mining:\n  gpu: false\np2p_pool:\n  enabled: false" })).toEqual([]);
  });
});

test("any text is either taken or refused in sentences", () => {
  const yaml = fc.oneof(
    fc.string(),
    fc.json(),
    fc
      .array(fc.constantFrom("mode", ":", " ", "\n", "-", "stratum", "port", "&a", "*a", "{", "}", "[", "'"))
      .map((parts) => parts.join("")),
  );
  fc.assert(
    fc.property(yaml, (text) => {
      for (const problem of problems({ text })) expect(problem).toMatch(/^config\.yaml line \d+: \S/);
    }),
    { numRuns: 1000 },
  );
});
