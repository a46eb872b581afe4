/** A chain node's RPC, whole or cut, and work that is made of its templates: what tests against the chain share. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { EngineJob } from "@otedama/native/engine-types";
import { outputScript } from "@otedama/shared";
import { HALVING_INTERVAL_BLOCKS, type RunningChain } from "@otedama/simulator/chain";
import { JobNumbers } from "../../src/work/job_numbers.ts";
import { ChainNode } from "../../src/work/node.ts";
import { payOut } from "../../src/work/payees.ts";
import { RpcClient } from "../../src/work/rpc.ts";
import { SOURCE_OPTIONS, TemplateSource } from "../../src/work/source.ts";
import { Work } from "../../src/work/work.ts";
import { AlteredLine } from "./altered_line.ts";
import { Interrupter } from "./interrupter.ts";
import { POOL_ADDRESS } from "./pool_settings.ts";
import { until } from "./until.ts";

export const FAST = {
  ...SOURCE_OPTIONS,
  poll_ms: 100,
  retry_ms_min: 50,
  retry_ms_max: 200,
  status_ms: 300,
  call_ms: 5_000,
  abandon_ms: 500,
};

export class ChainKit {
  /** What the test that runs has to put away; the last made goes first. */
  readonly ends: (() => unknown)[] = [];
  readonly #chain: () => RunningChain;

  constructor(chain: () => RunningChain) {
    this.#chain = chain;
  }

  async close(): Promise<void> {
    for (const end of this.ends.splice(0).reverse()) await end();
  }

  folder(): string {
    const dir = mkdtempSync(join(tmpdir(), "otedama-chain-test-"));
    this.ends.push(() => rmSync(dir, { recursive: true, force: true }));
    return dir;
  }

  /** A node of `chain`, or of the kit's own. */
  nodeAt(url: string, change: { password?: string; network?: "main" | "regtest"; chain?: RunningChain } = {}): ChainNode {
    const { user, password } = change.chain ?? this.#chain();
    const rpc = new RpcClient({ url, user, password: change.password ?? password });
    this.ends.push(() => rpc.close());
    return new ChainNode({ network: change.network ?? "regtest", halving_interval_blocks: HALVING_INTERVAL_BLOCKS }, { rpc });
  }

  /** The chain's RPC behind something that can be cut. */
  async interruptible(): Promise<{ line: Interrupter; node: ChainNode }> {
    const line = new Interrupter({ host: "127.0.0.1", port: Number(new URL(this.#chain().url).port) });
    await line.open();
    this.ends.push(() => line.cut());
    return { line, node: this.nodeAt(`http://127.0.0.1:${line.port}`) };
  }

  /** The chain's RPC behind something that changes its answers. */
  async altered(chain = this.#chain()): Promise<{ line: AlteredLine; node: ChainNode }> {
    const line = new AlteredLine(chain);
    await line.open();
    this.ends.push(() => line.close());
    return { line, node: this.nodeAt(line.url, { chain }) };
  }

  startWork(nodes: ChainNode[], options = FAST, zmq: (string | null)[] = []) {
    const jobs: EngineJob[] = [];
    const reports: [string, string | null][] = [];
    const refusals: (string | null)[] = [];
    const work = new Work(
      {
        coinbase: (value_sats) => ({ text: "/test/", outputs: payOut(value_sats, outputScript(POOL_ADDRESS, "regtest")) }),
        halving_interval_blocks: HALVING_INTERVAL_BLOCKS,
        refresh_ms: 1_000,
        fee_rise: 0.01,
      },
      {
        engine: { setJob: (job) => jobs.push(job) },
        numbers: new JobNumbers({ dir: this.folder() }),
        now_ms: () => Date.now(),
        onRefused: (message) => refusals.push(message),
      },
    );
    const source = new TemplateSource(options, {
      nodes: nodes.map((node, index) => ({ node, zmq: zmq[index] ?? null })),
      onTemplate: (template, at, node) => work.accept(template, at, node.name),
      onNode: (node, message) => reports.push([node.name, message]),
      monotonic_ms: () => performance.now(),
      now_ms: () => Date.now(),
    });
    source.start();
    this.ends.push(() => source.stop());
    const fresh = (height: number) =>
      until(`a job for height ${height}`, () => work.current?.template.height === height && work.current);
    return { jobs, reports, refusals, work, source, fresh };
  }
}
