/** What is known of one node, for the screen and for metrics: kept beside the watching, and read whenever somebody wants it. */
import type { NodeReport, NodeState } from "@otedama/shared";
import type { NodeStatus } from "./node.ts";
import type { Template } from "./template.ts";

const LATENCIES_KEPT = 120;

type Condition = "fit" | "unfit" | "away" | "unknown";

export class NodeFigures {
  readonly #now_ms: () => number;
  readonly #latencies_ms: number[] = [];
  #condition: Condition = "unknown";
  #since_ms: number;
  #message: string | null = null;
  #status: NodeStatus | null = null;
  #template: { template: Template; at_ms: number } | null = null;
  #skew_s: number | null = null;
  #errors = 0;
  #last_error: NodeReport["last_error"] = null;
  #zmq: NodeReport["zmq"];
  #zmq_missed = 0;

  constructor(options: { zmq: boolean; now_ms: () => number }) {
    this.#now_ms = options.now_ms;
    this.#since_ms = options.now_ms();
    this.#zmq = options.zmq ? "connecting" : "off";
  }

  get condition(): Condition {
    return this.#condition;
  }

  get message(): string | null {
    return this.#message;
  }

  get height(): number | null {
    return this.#status?.blocks ?? null;
  }

  get skew_s(): number | null {
    return this.#skew_s;
  }

  status(status: NodeStatus): void {
    this.#status = status;
  }

  /** Between two readings of its status only its best block is asked for. */
  best(hash: string): void {
    if (this.#status) this.#status = { ...this.#status, best_hash: hash };
  }

  fit(): void {
    this.#move("fit", null);
  }

  lost(condition: "unfit" | "away", message: string): void {
    this.#move(condition, message);
    this.#template = null;
    this.error(message);
  }

  error(message: string): void {
    this.#errors += 1;
    this.#last_error = { at_ms: this.#now_ms(), message: message.slice(0, 500) };
  }

  /** How long a short question took. */
  answered(took_ms: number): void {
    this.#latencies_ms.push(took_ms);
    if (this.#latencies_ms.length > LATENCIES_KEPT) this.#latencies_ms.shift();
  }

  /** `asked_at_ms` and now are Unix ms; null for an answer that was waited for on purpose. */
  template(template: Template, asked_at_ms: number | null): void {
    const now_ms = this.#now_ms();
    this.#template = { template, at_ms: now_ms };
    if (this.#status && template.height - 1 !== this.#status.blocks) {
      const blocks = template.height - 1;
      this.#status = { ...this.#status, blocks, headers: Math.max(blocks, this.#status.headers ?? 0) };
    }
    if (asked_at_ms === null) return;
    // The node's clock comes in whole seconds, rounded down: half of one is put back.
    this.#skew_s = template.clock_s === null ? null : round1(template.clock_s + 0.5 - (asked_at_ms + now_ms) / 2_000);
  }

  zmq(state: "connecting" | "connected", message: string | null): void {
    this.#zmq = state;
    if (message) this.error(message);
  }

  zmqMissed(messages: number): void {
    this.#zmq_missed += messages;
  }

  report(name: string, serving: boolean, best_height: number, tips: NodeReport["tips"]): NodeReport {
    const status = this.#status;
    const held = this.#template;
    const state: NodeState = this.#condition === "fit" ? (serving ? "serving" : "ready") : this.#condition;
    const sorted = [...this.#latencies_ms].sort((a, b) => a - b);
    const quantile = (part: number) => round1(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0);
    return {
      name: name.slice(0, 300),
      state,
      since_ms: this.#since_ms,
      message: this.#message?.slice(0, 500) ?? null,
      chain: status && {
        name: status.chain.slice(0, 40),
        blocks: status.blocks,
        headers: status.headers,
        best_hash: status.best_hash,
        version: status.version?.slice(0, 120) ?? null,
        peers: status.peers,
        mempool_transactions: status.mempool_transactions,
      },
      clock_skew_s: this.#skew_s,
      template: held && {
        received_at_ms: held.at_ms,
        height: held.template.height,
        prev_hash: held.template.prev_hash,
        transactions: held.template.transactions.length,
        fees_sats: Number(held.template.fees_sats),
        empty: held.template.transactions.length === 0,
      },
      latency_ms: sorted.length === 0 ? null : { p50: quantile(0.5), p95: quantile(0.95) },
      blocks_behind: status && Math.max(0, best_height - status.blocks),
      tips,
      zmq: this.#zmq,
      zmq_missed: this.#zmq_missed,
      errors: this.#errors,
      last_error: this.#last_error,
    };
  }

  #move(condition: Condition, message: string | null): void {
    if (this.#condition !== condition) this.#since_ms = this.#now_ms();
    this.#condition = condition;
    this.#message = message;
  }
}

function round1(value: number): number {
  return Math.round(value * 10) / 10;
}
