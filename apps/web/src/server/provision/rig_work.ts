/** One rig of a run: what is known of it, what is done on it, and what it said. */
import type {
  HostKeyDto,
  ProvisionFinding,
  ProvisionLogLine,
  ProvisionRigDto,
  ProvisionRigState,
  ProvisionStep,
} from "@otedama/shared";
import type { HostKey } from "./host_key.ts";
import { plainText } from "./plain_text.ts";
import type { Inspection, RigFacts } from "./rig_facts.ts";
import type { Target } from "./targets.ts";

const LINES_MAX = 300;
const TEXT_MAX = 500;

export class RigWork {
  readonly index: number;
  readonly target: Target;
  readonly #changed: (rig: RigWork) => void;
  readonly #now: () => number;
  #state: ProvisionRigState = "asking";
  #message: string | null = null;
  #steps: ProvisionStep[] = [];
  #line_number = 0;
  readonly lines: ProvisionLogLine[] = [];
  /** Its key as it was shown last. */
  host_key: HostKey | null = null;
  pins: HostKey[] = [];
  facts: RigFacts | null = null;
  inspection: Inspection | null = null;
  keep_identity = false;
  findings: ProvisionFinding[] = [];
  plan: string[] = [];
  agent_id: string | null = null;

  constructor(index: number, target: Target, dependencies: { changed: (rig: RigWork) => void; now: () => number }) {
    this.index = index;
    this.target = target;
    this.#changed = dependencies.changed;
    this.#now = dependencies.now;
  }

  get state(): ProvisionRigState {
    return this.#state;
  }

  get message(): string | null {
    return this.#message;
  }

  become(state: ProvisionRigState, message: string | null = null): void {
    this.#state = state;
    this.#message = message === null ? null : plainText(message, TEXT_MAX);
    this.#changed(this);
  }

  planSteps(steps: readonly { name: string; word: string }[]): void {
    this.#steps = steps.map((step) => ({ ...step, state: "waiting", message: "" }));
    this.#changed(this);
  }

  /** A step that was not planned (an undo) comes at the end. */
  step(name: string, state: ProvisionStep["state"], message = ""): void {
    let step = this.#steps.find((one) => one.name === name);
    if (step === undefined) {
      step = { name, word: name === "undo" ? "Put back what was there" : name, state, message: "" };
      this.#steps.push(step);
    }
    step.state = state;
    if (message !== "" || state === "running") step.message = plainText(message, TEXT_MAX);
    this.#changed(this);
  }

  /** What a failure leaves unfinished. */
  failedStep(): ProvisionStep | null {
    return this.#steps.find((step) => step.state === "failed") ?? null;
  }

  stopSteps(message: string): void {
    for (const step of this.#steps)
      if (step.state === "running") Object.assign(step, { state: "failed", message: plainText(message, TEXT_MAX) });
    this.#changed(this);
  }

  log(text: string): void {
    const plain = plainText(text, TEXT_MAX);
    if (plain === "") return;
    this.lines.push({ number: this.#line_number++, at_ms: this.#now(), text: plain });
    if (this.lines.length > LINES_MAX) this.lines.shift();
    this.#changed(this);
  }

  toDto(): ProvisionRigDto {
    const { index, target, findings, plan, agent_id } = this;
    return {
      index,
      host: target.host,
      port: target.port,
      state: this.#state,
      message: this.#message,
      hostname: this.facts?.hostname ?? null,
      host_key: this.host_key === null ? null : keyDto(this.host_key),
      pinned: this.pins.map(keyDto),
      findings: [...findings],
      plan: [...plan],
      steps: this.#steps.map((step) => ({ ...step })),
      agent_id,
    };
  }
}

const keyDto = ({ type, fingerprint }: HostKey): HostKeyDto => ({ type, fingerprint });
