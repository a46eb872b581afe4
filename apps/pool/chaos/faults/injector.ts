/** Makes the faults of a schedule happen, each at its time, and undoes each after as long as it lasts. */
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Fault, FaultKind } from "../schedule.ts";
import type { PoolPlace, Stack } from "../stack/stack.ts";
import { diskProblem, limitFiles } from "./disk.ts";

export interface InjectorDependencies {
  stack: Stack;
  onFault: (fault: Fault, note: string) => void;
  /** Blocks that a pool has found and could not write to its disk so far. */
  unwritten: (instance_id: string, data_dir: string) => number;
}

const ALTERED_MIN = 2;
const WAIT_MS = 60_000;

export class Injector {
  readonly #d: InjectorDependencies;
  /** One fault of a target at a time: the next waits for the one before. */
  readonly #busy = new Map<string, Promise<void>>();
  readonly #pauses = new Set<() => void>();
  #stopped = false;
  /** How often each kind really happened. */
  readonly made = new Map<FaultKind, number>();
  readonly depths: number[] = [];

  constructor(dependencies: InjectorDependencies) {
    this.#d = dependencies;
  }

  /** Resolves when the last fault is undone. */
  async run(faults: readonly Fault[]): Promise<void> {
    const began = performance.now();
    const disk = await diskProblem();
    if (disk) this.#d.stack.impossible.set("disk_full", disk);
    const running: Promise<void>[] = [];
    for (const fault of faults) {
      await this.#pause(fault.at_ms - (performance.now() - began));
      if (this.#stopped) break;
      if (this.#d.stack.impossible.has(fault.kind)) continue;
      running.push(this.#inTurn(targetOf(fault), () => this.#make(fault)));
    }
    await Promise.all(running);
  }

  /** No further fault; those under way end now. */
  stop(): void {
    this.#stopped = true;
    for (const wake of this.#pauses) wake();
  }

  #inTurn(target: string, work: () => Promise<void>): Promise<void> {
    const turn = (this.#busy.get(target) ?? Promise.resolve()).then(work);
    this.#busy.set(
      target,
      turn.catch(() => {}),
    );
    return turn;
  }

  async #make(fault: Fault): Promise<void> {
    const note = await this.#does(fault);
    if (note === null) return;
    this.made.set(fault.kind, (this.made.get(fault.kind) ?? 0) + 1);
    this.#d.onFault(fault, note);
  }

  /** What it did, in words; null when nothing came of it. */
  async #does(fault: Fault): Promise<string | null> {
    const { stack } = this.#d;
    switch (fault.kind) {
      case "kill_pool": {
        const { program, instance_id } = this.#pool(fault.instance);
        await program.kill();
        await this.#pause(fault.lasts_ms);
        await program.start();
        return `${instance_id} away for ${fault.lasts_ms} ms`;
      }
      case "kill_web":
        await stack.web?.kill();
        await this.#pause(fault.lasts_ms);
        await stack.web?.start();
        return `away for ${fault.lasts_ms} ms`;
      case "kill_database":
        await stack.postgres.kill();
        await this.#pause(fault.lasts_ms);
        await stack.postgres.restart();
        return `away for ${fault.lasts_ms} ms`;
      case "kill_node":
        await stack.chain.killNode(fault.node);
        await this.#pause(fault.lasts_ms);
        await stack.chain.startNode(fault.node);
        return `node ${fault.node} away for ${fault.lasts_ms} ms`;
      case "disk_full":
        return this.#fillDisk(this.#pool(fault.instance), fault.lasts_ms, fault.bytes_left);
      case "database_stall": {
        const gate = stack.gates.database;
        gate.hold();
        await this.#pause(fault.lasts_ms);
        if (fault.cut) gate.cut();
        gate.release();
        return `for ${fault.lasts_ms} ms${fault.cut ? ", then cut" : ""}`;
      }
      case "node_timeout": {
        const gate = stack.gates.nodes[fault.node];
        gate?.hold();
        await this.#pause(fault.lasts_ms);
        gate?.release();
        return `node ${fault.node} silent for ${fault.lasts_ms} ms`;
      }
      case "node_answers": {
        const gate = stack.gates.nodes[fault.node];
        if (!gate) return null;
        const before = gate.altered;
        gate.answers = fault.answers;
        await this.#pause(fault.lasts_ms);
        // A quiet moment is no fault: it goes on until some answers came back wrong.
        await this.#until(async () => gate.altered - before >= ALTERED_MIN);
        gate.answers = null;
        return `${gate.altered - before} of node ${fault.node} ${fault.answers}`;
      }
      case "reorganisation": {
        let replaced = 0;
        // A node that is just down is reorganised when it is back.
        await this.#until(async () => {
          replaced = await stack.chain.reorganise(fault.node, fault.depth).catch(() => 0);
          return replaced > 0;
        });
        if (replaced > 0) this.depths.push(replaced);
        return replaced > 0 ? `${replaced} blocks, on node ${fault.node}` : null;
      }
      case "clock_jump": {
        const { clock, instance_id } = this.#pool(fault.instance);
        clock?.set(fault.shift_ms);
        await this.#pause(fault.lasts_ms);
        clock?.set(0);
        return `${instance_id} by ${Math.round(fault.shift_ms / 1000)} s for ${fault.lasts_ms} ms, and back`;
      }
    }
  }

  async #fillDisk({ program, data_dir, instance_id }: PoolPlace, lasts_ms: number, bytes_left: number): Promise<string | null> {
    const { pid } = program;
    if (pid === null) return null;
    const bytes = bytes_left === 0 ? 0 : newestSegmentBytes(join(data_dir, "shares")) + bytes_left;
    await limitFiles(pid, bytes);
    await this.#pause(lasts_ms);
    // One that is gone has ended by itself, which is told of elsewhere; it is started again.
    if (program.pid === null) await program.start();
    else await limitFiles(pid, null);
    // What was found meanwhile is in memory alone. It is written within a second or two; killed before that, nobody could know of it.
    await this.#until(async () => this.#d.unwritten(instance_id, data_dir) === 0);
    return `${instance_id} ${bytes_left === 0 ? "wholly" : `after ${bytes_left} bytes of shares`} for ${lasts_ms} ms`;
  }

  /** Waits for what should come, but not for ever. */
  async #until(look: () => Promise<boolean>): Promise<void> {
    const end = performance.now() + WAIT_MS;
    while (!this.#stopped && performance.now() < end && !(await look())) await this.#pause(50);
  }

  #pool(instance: number): PoolPlace {
    const place = this.#d.stack.pools[instance];
    if (!place) throw new Error(`there is no pool ${instance}`);
    return place;
  }

  async #pause(ms: number): Promise<void> {
    if (ms <= 0 || this.#stopped) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms);
    const wake = () => {
      clearTimeout(timer);
      resolve();
    };
    this.#pauses.add(wake);
    await promise;
    this.#pauses.delete(wake);
  }
}

/** A pool's disk is filled while that pool runs, so its kills wait for that; its clock goes on its own. */
function targetOf(fault: Fault): string {
  switch (fault.kind) {
    case "kill_pool":
    case "disk_full":
      return `pool ${fault.instance}`;
    case "clock_jump":
      return `clock ${fault.instance}`;
    case "node_timeout":
    case "node_answers":
      return `gate ${fault.node}`;
    case "kill_node":
    case "reorganisation":
      return `node ${fault.node}`;
    case "database_stall":
      return "line";
    default:
      return fault.kind;
  }
}

function newestSegmentBytes(dir: string): number {
  const newest = readdirSync(dir)
    .filter((name) => name.endsWith(".sharelog"))
    .sort()
    .at(-1);
  return newest ? statSync(join(dir, newest)).size : 0;
}
