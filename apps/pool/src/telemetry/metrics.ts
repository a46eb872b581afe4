/** The pool's figures for Prometheus, by the names that its users' dashboards have. */
import type { PayoutFigures } from "@otedama/db/payouts";
import type { EngineStats } from "@otedama/native/engine-types";
import type { NodeReport, PoolSnapshot } from "@otedama/shared";
import { Counter, collectDefaultMetrics, Gauge, Registry } from "prom-client";
import { histogramText } from "./histogram.ts";
import type { PayoutWatch } from "./payout_watch.ts";
import { shareCounts } from "./snapshot.ts";

export interface MetricsDependencies {
  stats: () => EngineStats;
  snapshot: () => PoolSnapshot;
  blocks_open: () => number;
  empty_templates: () => number;
  hub_connected: () => boolean;
  logins: () => Readonly<{ accepted: number; refused: number }>;
  payouts: Pick<PayoutWatch, "figures" | "failures">;
  /** Null where TLS is not configured. */
  tls: () => Readonly<{ completed: number; failed: number; not_after_ms: number }> | null;
}

export class Metrics {
  readonly #registry = new Registry();
  readonly #d: MetricsDependencies;
  /** Records of the share log that could not be read, or whose worker the database does not know. */
  readonly #lost: Counter<"reason">;

  constructor(dependencies: MetricsDependencies) {
    this.#d = dependencies;
    collectDefaultMetrics({ register: this.#registry });
    this.#gauge("otedama_hash_rate", "Hashes a second of the whole pool over the last minute", (s) => s.hashrate_hps.m1);
    this.#gauge("otedama_peers_connected", "Miners' connections that are open", (s) => s.connections);
    this.#gauge("otedama_connections", "Stratum connections that are open", (s) => s.connections);
    this.#gauge("otedama_tls_connections", "Stratum connections that speak TLS", () => this.#d.stats().tls_connections);
    this.#gauge("otedama_bans_active", "Addresses that are banned now", () => this.#d.stats().bans_active);
    this.#gauge(
      "otedama_tls_certificate_expiry_seconds",
      "Unix time at which the Stratum certificate expires; 0 without TLS",
      () => (this.#d.tls()?.not_after_ms ?? 0) / 1000,
    );
    this.#gauge("otedama_workers_online", "Workers with an open connection", (s) => s.workers_online);
    this.#gauge("otedama_cpu_usage_percent", "Processor time of the pool, in percent of one core", (s) => s.cpu_usage_percent);
    this.#gauge("otedama_network_difficulty", "Difficulty of the block being mined", (s) => s.job?.network_difficulty ?? 0);
    this.#gauge("otedama_block_height", "Height of the block being mined", (s) => s.job?.height ?? 0);
    this.#gauge(
      "otedama_round_effort",
      "Work of the open round over the work a block is expected to take",
      (s) => s.round.effort,
    );
    this.#gauge("otedama_accounting_lag_records", "Share records not yet in the database", (s) => s.accounting_lag_records);
    this.#gauge("otedama_node_up", "1 while a chain node gives templates", (s) => (s.node.state === "down" ? 0 : 1));
    this.#gauge("otedama_database_up", "1 while the database takes shares", (s) => (s.database.state === "down" ? 0 : 1));
    this.#gauge("otedama_hub_up", "1 while the control plane is connected", () => (this.#d.hub_connected() ? 1 : 0));
    this.#gauge("otedama_share_log_up", "1 while the share log can be written", () =>
      this.#d.stats().share_log.faulted ? 0 : 1,
    );
    this.#gauge("otedama_blocks_submitting", "Blocks that no node has answered for", () => this.#d.blocks_open());
    this.#count("otedama_blocks_found_total", "Shares that met the network's target", (s) => s.blocks);
    this.#count("otedama_connects_total", "Connections that were accepted", (s) => s.connects_total);
    this.#count("otedama_refused_connects_total", "Connections refused by a limit or a ban", (s) => s.refused_connects);
    this.#count("otedama_bad_lines_total", "Lines that were no Stratum message", (s) => s.bad_lines);
    this.#count("otedama_received_bytes_total", "Bytes read from miners", (s) => s.bytes_in);
    this.#count("otedama_sent_bytes_total", "Bytes sent to miners", (s) => s.bytes_out);
    this.#count("otedama_retargets_total", "Changes of a connection's difficulty", (s) => s.retargets);
    this.#count("otedama_share_log_records_total", "Records written to the share log", (s) => s.share_log.records);
    this.#count("otedama_share_log_syncs_total", "Syncs of the share log to disk", (s) => s.share_log.syncs);
    this.#labelled("otedama_shares_total", "Shares by result", "result", () => shareCounts(this.#d.stats()));
    this.#labelled("otedama_connections_closed_total", "Connections closed, by reason", "reason", () => this.#d.stats().closed);
    this.#labelled("otedama_logins_total", "Logins by result", "result", () => ({ ...this.#d.logins() }));
    this.#labelled("otedama_tls_handshakes_total", "TLS handshakes by result", "result", () => {
      const { completed, failed } = this.#d.tls() ?? { completed: 0, failed: 0 };
      return { completed, failed };
    });
    this.#nodes();
    this.#payouts();
    this.#lost = new Counter({
      name: "otedama_accounting_lost_records_total",
      help: "Share records that could not be credited",
      labelNames: ["reason"],
      registers: [this.#registry],
    });
  }

  lost(reason: "damaged" | "unknown_worker", records: number): void {
    this.#lost.inc({ reason }, records);
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  async text(): Promise<string> {
    const stats = this.#d.stats();
    const own = await this.#registry.metrics();
    const answer = histogramText("otedama_share_answer_seconds", "From a share's arrival to its answer", stats.answer_ms);
    const notify = histogramText(
      "otedama_template_to_last_notify_seconds",
      "From a template's arrival to the last miner's job",
      stats.notify_ms,
    );
    return `${own}\n${answer}${notify}`;
  }

  /** One line for each chain node and figure. */
  #nodes(): void {
    const figure = (name: string, help: string, read: (node: NodeReport) => number | null) => {
      const snapshot = this.#d.snapshot;
      const gauge: Gauge<"node"> = new Gauge({
        name: `otedama_chain_node_${name}`,
        help,
        labelNames: ["node"],
        registers: [this.#registry],
        collect() {
          gauge.reset();
          for (const node of snapshot().nodes) {
            const value = read(node);
            if (value !== null) gauge.set({ node: node.name }, value);
          }
        },
      });
    };
    figure("up", "1 while the node may be mined on", ({ state }) => (state === "serving" || state === "ready" ? 1 : 0));
    figure("serving", "1 for the node whose template is mined", ({ state }) => (state === "serving" ? 1 : 0));
    figure("height", "Height of the node's best block", ({ chain }) => chain?.blocks ?? null);
    figure("blocks_behind", "Blocks that the best node is ahead", ({ blocks_behind }) => blocks_behind);
    figure("peers", "The node's own peers", ({ chain }) => chain?.peers ?? null);
    figure("clock_skew_seconds", "The node's clock against this machine's", ({ clock_skew_s }) => clock_skew_s);
    figure("latency_p50_seconds", "Half of the short questions are answered within", ({ latency_ms }) =>
      latency_ms === null ? null : latency_ms.p50 / 1_000,
    );
    figure("latency_p95_seconds", "Of the short questions, 95 % are answered within", ({ latency_ms }) =>
      latency_ms === null ? null : latency_ms.p95 / 1_000,
    );
    figure("tip_lag_p50_seconds", "Behind the first node to tell a new tip, in the middle", ({ tips }) =>
      tips.lag_ms_p50 === null ? null : tips.lag_ms_p50 / 1_000,
    );
    figure("tips_first_total", "New tips that the node told first", ({ tips }) => tips.first);
    figure("template_transactions", "Transactions in the node's template", ({ template }) => template?.transactions ?? null);
    figure("template_fees_sats", "Fees in the node's template", ({ template }) => template?.fees_sats ?? null);
    figure("template_time_seconds", "Unix time at which the node's template came", ({ template }) =>
      template === null ? null : template.received_at_ms / 1_000,
    );
    figure("zmq_missed_total", "Notices of the node's publisher that never came", ({ zmq_missed }) => zmq_missed);
    figure("errors_total", "Questions that the node did not answer as it should", ({ errors }) => errors);
    const { snapshot, empty_templates } = this.#d;
    this.#labelled("otedama_jobs_refused_total", "Templates of which no job was made, by reason", "reason", () => ({
      reward: snapshot().refused_jobs.count,
    }));
    this.#labelled(
      "otedama_empty_templates_total",
      "Templates without transactions that were mined, by reason",
      "reason",
      () => ({
        node_insists: empty_templates(),
      }),
    );
  }

  /** Of the whole pool, whichever process is asked; only failures are this process's own. Absent before they were read first. */
  #payouts(): void {
    const { payouts } = this.#d;
    const figure = (name: string, help: string, read: (figures: PayoutFigures) => number) => {
      const gauge: Gauge = new Gauge({
        name: `otedama_${name}`,
        help,
        registers: [this.#registry],
        collect() {
          if (payouts.figures) gauge.set(read(payouts.figures));
          else gauge.remove();
        },
      });
    };
    const by_state = (name: string, help: string, read: (row: PayoutFigures["batches"][number]) => number) => {
      const gauge: Gauge<"state"> = new Gauge({
        name: `otedama_${name}`,
        help,
        labelNames: ["state"],
        registers: [this.#registry],
        collect() {
          gauge.reset();
          for (const row of payouts.figures?.batches ?? []) gauge.set({ state: row.state }, read(row));
        },
      });
    };
    by_state("payout_batches", "Payout batches by state", ({ batches }) => batches);
    by_state("payout_batch_sats", "What the batches of a state pay", ({ amount_sats }) => amount_sats);
    figure("payout_oldest_open_seconds", "Age of the oldest batch that is not settled", (all) => all.oldest_open_s);
    figure("payout_stopped_batches", "Batches that wait for a person's decision", (all) => all.stopped);
    figure("payout_due_sats", "What a plan made now would pay", (all) => all.due.amount_sats);
    figure("payout_due_accounts", "Accounts that a plan made now would pay", (all) => all.due.accounts);
    figure("wallet_spendable_sats", "Ripe outputs that no batch has reserved", (all) => all.spendable_sats);
    figure("fees_available_sats", "The pool's own fees that are not paid out", (all) => all.fees_available_sats);
    this.#labelled("otedama_payout_failures_total", "Times that signer or nodes took no payout, by who", "by", () => ({
      ...payouts.failures,
    }));
  }

  #gauge(name: string, help: string, read: (snapshot: PoolSnapshot) => number): void {
    const snapshot = this.#d.snapshot;
    const gauge: Gauge = new Gauge({
      name,
      help,
      registers: [this.#registry],
      collect() {
        gauge.set(read(snapshot()));
      },
    });
  }

  #count(name: string, help: string, read: (stats: EngineStats) => number): void {
    const stats = this.#d.stats;
    const counter: Counter = new Counter({
      name,
      help,
      registers: [this.#registry],
      collect() {
        counter.reset();
        counter.inc(read(stats()));
      },
    });
  }

  #labelled<L extends string>(name: string, help: string, label: L, read: () => Record<string, number>): void {
    const counter: Counter<L> = new Counter<L>({
      name,
      help,
      labelNames: [label],
      registers: [this.#registry],
      collect() {
        counter.reset();
        for (const [value, count] of Object.entries(read())) counter.inc({ [label]: value } as Record<L, string>, count);
      },
    });
  }
}
