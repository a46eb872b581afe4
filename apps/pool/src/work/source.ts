/** Templates raced over all of the pool's nodes: each is watched by itself, and the best of what they give is mined. */
import type { NodeReport } from "@otedama/shared";
import type { ChainNode } from "./node.ts";
import { NodeFigures } from "./node_figures.ts";
import { type Held, TemplateRace } from "./race.ts";
import type { Template } from "./template.ts";
import { TipTimes } from "./tips.ts";
import { NodeWatch, type WatchOptions } from "./watch.ts";

export interface SourceOptions extends WatchOptions {
  /** See `RaceOptions`. */
  abandon_ms: number;
}

export const SOURCE_OPTIONS: SourceOptions = {
  poll_ms: 2_000,
  refresh_ms: 30_000,
  long_poll_ms: 120_000,
  call_ms: 10_000,
  retry_ms_min: 500,
  retry_ms_max: 5_000,
  status_ms: 10_000,
  empty_tries: 3,
  empty_wait_ms: 100,
  astray_max: 5,
  abandon_ms: 30_000,
};

export interface SourceNode {
  node: ChainNode;
  /** Address of its publisher; null for none. */
  zmq: string | null;
}

export interface SourceDependencies {
  nodes: SourceNode[];
  /** Called with each template that is to be mined from now on. `received_at_ms` is of the monotonic clock. */
  onTemplate: (template: Template, received_at_ms: number, node: ChainNode) => void;
  /** A node's condition changed. `message` null: it is fit. */
  onNode: (node: ChainNode, message: string | null) => void;
  monotonic_ms: () => number;
  now_ms: () => number;
}

interface Watched {
  node: ChainNode;
  figures: NodeFigures;
  watch: NodeWatch;
}

export class TemplateSource {
  readonly #options: SourceOptions;
  readonly #d: SourceDependencies;
  readonly #race: TemplateRace<ChainNode>;
  readonly #tips = new TipTimes();
  readonly #watched: Watched[];
  #genesis: string | null = null;
  #empty = 0;
  #ticking: NodeJS.Timeout | null = null;

  constructor(options: SourceOptions, dependencies: SourceDependencies) {
    this.#options = options;
    this.#d = dependencies;
    this.#race = new TemplateRace({ abandon_ms: options.abandon_ms });
    this.#watched = dependencies.nodes.map((one) => this.#watch(one));
  }

  /** The node whose template is mined, or where that one has gone any that is fit; null while none is. */
  get active(): ChainNode | null {
    const winner = this.#race.winner?.node;
    const fit = this.#watched.filter(({ figures }) => figures.condition === "fit").map(({ node }) => node);
    return fit.find((node) => node === winner) ?? fit[0] ?? null;
  }

  /** Templates without transactions that were taken although the node had some waiting. */
  get empty_templates(): number {
    return this.#empty;
  }

  reports(): NodeReport[] {
    const { active } = this;
    const fit = this.#watched.filter(({ figures }) => figures.condition === "fit");
    // A node of another chain must not make the others look late.
    const best_height = Math.max(0, ...(fit.length > 0 ? fit : this.#watched).map(({ figures }) => figures.height ?? 0));
    return this.#watched.map(({ node, figures }) =>
      figures.report(node.name, node === active, best_height, this.#tips.of(node.name)),
    );
  }

  start(): void {
    for (const { watch } of this.#watched) watch.start();
    this.#ticking ??= setInterval(() => this.#mine(this.#race.tick(this.#d.monotonic_ms())), this.#options.poll_ms);
  }

  async stop(): Promise<void> {
    if (this.#ticking) clearInterval(this.#ticking);
    await Promise.all(this.#watched.map(({ watch }) => watch.stop()));
  }

  #watch({ node, zmq }: SourceNode): Watched {
    const { monotonic_ms, now_ms } = this.#d;
    const figures = new NodeFigures({ zmq: zmq !== null, now_ms });
    let message: string | null | undefined;
    const tell = (to: string | null) => {
      if (message === to) return;
      message = to;
      this.#d.onNode(node, to);
    };
    const watch = new NodeWatch(this.#options, {
      node,
      zmq,
      figures,
      genesis: () => this.#genesis,
      onGenesis: (genesis) => {
        this.#genesis ??= genesis;
      },
      onTip: (hash, signal, at_ms) => this.#tips.heard(node.name, hash, signal, at_ms),
      onFit: () => {
        this.#tips.watch(node.name, monotonic_ms());
        tell(null);
      },
      onTemplate: (template, received_at_ms) => this.#mine(this.#race.hold(node, template, received_at_ms)),
      onLost: (why) => {
        tell(why);
        this.#mine(this.#race.drop(node, monotonic_ms()));
      },
      onEmpty: () => {
        this.#empty += 1;
      },
      monotonic_ms,
      now_ms,
    });
    return { node, figures, watch };
  }

  #mine(winner: Held<ChainNode> | null): void {
    if (winner) this.#d.onTemplate(winner.template, winner.received_at_ms, winner.node);
  }
}
