/** The pool's settings as the engine gets them. */
import { once } from "node:events";
import { rmSync } from "node:fs";
import { connect } from "node:net";
import { createStratumEngine, type StratumEngine } from "@otedama/native/engine";
import { NetworkRange, type PoolSettings } from "@otedama/shared";
import fc from "fast-check";
import { afterEach, expect, test } from "vitest";
import { engineOptions } from "../src/engine_options.ts";
import { poolSettings } from "./support/pool_settings.ts";
import { StratumMiner } from "./support/stratum_miner.ts";

const base = poolSettings({
  node_url: "http://127.0.0.1:1",
  rpc_user: "",
  rpc_password: "",
  database_url: "postgresql://127.0.0.1/none",
  difficulty: 1,
});
const make = (stratum: Partial<PoolSettings["stratum"]>): StratumEngine =>
  createStratumEngine(engineOptions({ ...base, stratum: { ...base.stratum, ...stratum } }), { onEvent: () => {} });

const engines: StratumEngine[] = [];
afterEach(async () => {
  await Promise.all(engines.splice(0).map((engine) => engine.stop()));
  rmSync(base.data_dir, { recursive: true, force: true });
});

function start(stratum: Partial<PoolSettings["stratum"]>): { engine: StratumEngine; port: number } {
  const engine = make(stratum);
  const port = engine.start()[0]?.port ?? 0;
  engines.push(engine);
  return { engine, port };
}

test("the lists decide who may connect", async () => {
  const denied = start({ allow: ["127.0.0.0/8"], deny: ["127.0.0.1"] });
  const socket = connect(denied.port, "127.0.0.1");
  socket.on("error", () => {});
  await once(socket, "close");
  expect(denied.engine.stats()).toMatchObject({ refused_connects: 1, connects_total: 0 });
  await denied.engine.stop();
  const allowed = start({ allow: ["127.0.0.0/8"], deny: ["127.0.0.2"] });
  const miner = await StratumMiner.connect(allowed.port);
  expect((await miner.call("mining.ping", [])).result).toBe("pong");
  miner.close();
});

test("a balancer that is trusted has to name the miner", async () => {
  const { engine, port } = start({ trusted_proxies: ["127.0.0.0/8"], deny: ["198.51.100.0/24"] });
  for (const line of ['{"id":1,"method":"mining.ping"}\n', "PROXY TCP4 198.51.100.7 127.0.0.1 1 2\r\n"]) {
    const socket = connect(port, "127.0.0.1");
    socket.on("error", () => {});
    socket.write(line);
    await once(socket, "close");
  }
  expect(engine.stats().closed).toMatchObject({ protocol: 1, limit: 1 });
});

test("limits hold", async () => {
  const { engine, port } = start({ handshake_timeout_s: 0.3, messages_per_s: 1, connects_per_address_per_s: 0 });
  const silent = connect(port, "127.0.0.1").on("error", () => {});
  const loud = connect(port, "127.0.0.1").on("error", () => {});
  loud.write('{"id":1,"method":"mining.ping"}\n'.repeat(10));
  for (const socket of [silent, loud]) socket.resume();
  await Promise.all([once(silent, "close"), once(loud, "close")]);
  expect(engine.stats().closed).toMatchObject({ handshake: 1, flood: 1 });
});

test("every network that the settings take, the engine takes", () => {
  const address = fc.oneof(fc.ipV4(), fc.ipV6(), fc.constantFrom("::ffff:192.0.2.1", "::", "10.0.0.0"));
  const text = fc.oneof(
    address,
    fc.tuple(address, fc.nat(140)).map(([base_address, bits]) => `${base_address}/${bits}`),
    fc.string(),
  );
  let taken = 0;
  fc.assert(
    fc.property(text, (network) => {
      if (!NetworkRange.safeParse(network).success) return;
      taken += 1;
      make({ deny: [network] });
    }),
    { numRuns: 500 },
  );
  expect(taken).toBeGreaterThan(100);
});
