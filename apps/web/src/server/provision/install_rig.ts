/**
 * Puts the agent on one rig. The rig script does the privileged part as one piece that outlives its connection, so a broken line is
 * taken up where it was: files that are there are not sent again, an installation that goes on is followed, one that waits for its
 * word is committed. Whatever happens, the rig ends either with the new agent or as it was.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { CheckedFile, CheckedRelease } from "./agent_release.ts";
import type { HeldSecret } from "./held_secret.ts";
import type { RigFacts } from "./rig_facts.ts";
import { readStep } from "./rig_facts.ts";
import { asRoot, LAUNCH_SCRIPT, RIG_SCRIPT, SUPERVISE_SCRIPT } from "./rig_script.ts";
import type { RigWork } from "./rig_work.ts";
import { type SshLink, SshTrouble } from "./ssh_link.ts";
import { makeStage, uploadFile, writeSmallFile } from "./upload.ts";

export const STAGE_NAME = ".otedama-provision";

export const INSTALL_STEPS = [
  { name: "connect", word: "Sign in" },
  { name: "upload", word: "Send the agent" },
  { name: "begin", word: "Keep the present state" },
  { name: "verify", word: "Verify hash and signature on the rig" },
  { name: "account", word: "Make the system user" },
  { name: "place", word: "Put the agent in its folder" },
  { name: "configure", word: "Write its settings" },
  { name: "service", word: "Install the service" },
  { name: "start", word: "Switch to it and start it" },
  { name: "arrive", word: "Wait until it reports" },
  { name: "commit", word: "Keep it" },
  { name: "clean", word: "Clear up" },
] as const;

export interface InstallOptions {
  rig: RigWork;
  facts: RigFacts;
  secret: HeldSecret;
  user: string;
  release: CheckedRelease;
  file: CheckedFile;
  unit: Buffer;
  /** The agent's settings; `token` is null for an agent that keeps its identity. */
  settings: (token: string | null) => object;
  wait_s: number;
  /** How much longer than we the rig waits before it decides for itself. */
  grace_s: number;
  retry_ms: readonly number[];
}

export interface InstallDependencies {
  connect: () => Promise<SshLink>;
  createToken: () => Promise<{ id: number; token: string }>;
  revokeToken: (id: number) => Promise<void>;
  /** The agent that reported after `since_ms`; null while none did. */
  arrived: (wanted: { token_id: number | null; agent_id: string | null; since_ms: number }) => Promise<string | null>;
  now: () => number;
}

/** The rig is as it was before. */
export class InstallFailed extends Error {}

const SCRIPT_MS = 180_000;
const SHORT_MS = 60_000;
const POLL_MS = 500;

type Phase = "stage" | "script" | "arrive" | "commit" | "clean";

export async function installRig(options: InstallOptions, dependencies: InstallDependencies): Promise<void> {
  const installation = new Installation(options, dependencies);
  try {
    await installation.run();
  } catch (error) {
    await installation.giveUp();
    throw error;
  }
}

class Installation {
  readonly #options: InstallOptions;
  readonly #dependencies: InstallDependencies;
  #phase: Phase = "stage";
  #stage = "";
  #script_began = false;
  /** Lines that the installation said and we heard. */
  #heard = 0;
  #ended: "done" | "failed" | null = null;
  #token: { id: number; token: string } | null = null;
  #started_at_ms = 0;

  constructor(options: InstallOptions, dependencies: InstallDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
  }

  async run(): Promise<void> {
    const { rig, retry_ms } = this.#options;
    for (let attempt = 0; ; attempt++) {
      let link: SshLink | null = null;
      try {
        rig.step("connect", "running", attempt === 0 ? "" : `attempt ${attempt + 1}`);
        link = await this.#dependencies.connect();
        rig.step("connect", "done");
        await this.#goOn(link);
        return;
      } catch (error) {
        const wait_ms = retry_ms[attempt];
        const again = error instanceof SshTrouble && ["dropped", "slow", "unreachable"].includes(error.code);
        if (!again || wait_ms === undefined) throw error;
        rig.log(`${error.message} It is tried again in ${Math.round(wait_ms / 1_000)} s, from where it was.`);
        await sleep(wait_ms);
      } finally {
        link?.close();
      }
    }
  }

  /** A token that nobody used lets nobody in. */
  async giveUp(): Promise<void> {
    if (this.#token !== null) await this.#dependencies.revokeToken(this.#token.id).catch(() => {});
  }

  async #goOn(link: SshLink): Promise<void> {
    if (this.#phase === "stage") await this.#send(link);
    try {
      if (this.#phase === "script") await this.#install(link);
      if (this.#phase === "arrive") await this.#arrive(link);
      if (this.#phase === "commit") await this.#commit(link);
    } catch (error) {
      if (error instanceof InstallFailed) await this.#clean(link).catch(() => {});
      throw error;
    }
    await this.#clean(link);
  }

  async #send(link: SshLink): Promise<void> {
    const { rig, release, file, unit, settings } = this.#options;
    rig.step("upload", "running");
    this.#token ??= rig.keep_identity ? null : await this.#dependencies.createToken();
    await link.files(async (sftp) => {
      this.#stage = await makeStage(sftp, STAGE_NAME);
      const json = (value: object) => `${JSON.stringify(value, null, 2)}\n`;
      const small: readonly [string, Buffer | string][] = [
        ["rig.sh", RIG_SCRIPT],
        ["supervise.sh", SUPERVISE_SCRIPT],
        ["launch", LAUNCH_SCRIPT],
        ["otedama-agent.service", unit],
        ["manifest.statement", release.statement],
        ["manifest.sig", release.signature],
        ["manifest.signed", json(release.signed)],
        ["control.pem", release.key_pem],
        ["agent.json", json(settings(this.#token?.token ?? null))],
        ["agent.json.final", json(settings(null))],
      ];
      for (const [name, content] of small) await writeSmallFile(sftp, `${this.#stage}/${name}`, content);
      let told = 0;
      const { resumed_at_bytes } = await uploadFile(sftp, file.path, `${this.#stage}/otedama-agent`, (bytes, total_bytes) => {
        const percent = Math.floor((bytes / total_bytes) * 100);
        if (percent < told + 5) return;
        told = percent;
        rig.step("upload", "running", `${percent} %`);
      });
      if (resumed_at_bytes > 0) rig.log(`${resumed_at_bytes} bytes were there already and were not sent again.`);
    });
    await this.#checkUpload(link);
    rig.step("upload", "done", `${file.bytes} bytes`);
    this.#phase = "script";
  }

  /** What was put together from two uploads may be wrong: then it goes once more, whole. The rig's own check decides in the end. */
  async #checkUpload(link: SshLink): Promise<void> {
    const { rig, file } = this.#options;
    const path = `${this.#stage}/otedama-agent`;
    const hash = async () =>
      (await link.execute(`sha256sum < '${path.replaceAll("'", `'\\''`)}'`, { timeout_ms: SHORT_MS })).stdout.slice(0, 64);
    if ((await hash()) === file.sha256) return;
    rig.log("What arrived is not what was sent: it is sent once more.");
    await link.files(async (sftp) => {
      await new Promise<void>((resolve) => sftp.unlink(path, () => resolve()));
      await uploadFile(sftp, file.path, path, () => {});
    });
    if ((await hash()) !== file.sha256) {
      throw new SshTrouble("refused", "What arrives on the rig is not what was sent, twice: its disk or memory may be failing.");
    }
  }

  async #install(link: SshLink): Promise<void> {
    if (this.#script_began && (await this.#follow(link)) === "never") this.#script_began = false;
    if (!this.#script_began) {
      this.#script_began = true;
      const { release, file, rig, wait_s, grace_s } = this.#options;
      const done = await this.#root(link, "install", [
        `VERSION=${release.number}-${release.version}`,
        `SHA256=${file.sha256}`,
        `KEEP_IDENTITY=${rig.keep_identity ? 1 : 0}`,
        `WAIT=${wait_s + grace_s}`,
      ]);
      if (this.#ended === null) this.#ended = done.code === 0 ? "done" : "failed";
    }
    if (this.#ended === "failed") throw this.#failure();
    this.#started_at_ms = this.#dependencies.now();
    this.#phase = "arrive";
  }

  /** Hears the rest of an installation whose connection broke. */
  async #follow(link: SshLink): Promise<"waiting" | "never"> {
    const { rig } = this.#options;
    rig.log("The installation went on without us; this is what it said meanwhile.");
    const heard_before = this.#heard;
    let waiting = false;
    await this.#root(link, "follow", [`LINE=${heard_before}`], (line) => {
      if (line === "@ follow done waiting") waiting = true;
    });
    if (this.#ended === "failed") throw this.#failure();
    if (waiting) return "waiting";
    if (this.#heard === 0) return "never";
    throw new InstallFailed("The rig undid the installation while the connection was away. Try again.");
  }

  async #arrive(link: SshLink): Promise<void> {
    const { rig, wait_s } = this.#options;
    rig.step("arrive", "running", `at most ${wait_s} s`);
    const since_ms = this.#started_at_ms;
    const wanted = { token_id: this.#token?.id ?? null, agent_id: rig.keep_identity ? rig.agent_id : null, since_ms };
    while (this.#dependencies.now() < since_ms + wait_s * 1_000) {
      const agent_id = await this.#dependencies.arrived(wanted);
      if (agent_id !== null) {
        rig.agent_id = agent_id;
        rig.step("arrive", "done", "It reported to this control plane.");
        this.#phase = "commit";
        return;
      }
      await sleep(POLL_MS);
    }
    const late = `The agent did not report within ${wait_s} s; the rig is put back as it was.`;
    rig.step("arrive", "failed", late);
    await this.#root(link, "undo", []);
    throw new InstallFailed(late);
  }

  async #commit(link: SshLink): Promise<void> {
    const done = await this.#root(link, "commit", []);
    if (done.code !== 0) throw this.#failure();
    this.#phase = "clean";
  }

  async #clean(link: SshLink): Promise<void> {
    const { rig } = this.#options;
    rig.step("clean", "running");
    const done = await link.execute(`rm -rf -- "$HOME/${STAGE_NAME}"`, { timeout_ms: SHORT_MS });
    if (done.code === 0) rig.step("clean", "done", "Nothing that was sent is left in the sign-in's home.");
    else rig.step("clean", "failed", `~/${STAGE_NAME} could not be removed.`);
  }

  #root(link: SshLink, verb: string, args: readonly string[], onLine?: (line: string) => void) {
    const { facts, secret, user } = this.#options;
    return asRoot(link, verb, [`STAGE=${this.#stage}`, ...args], {
      facts,
      secret,
      user,
      timeout_ms: verb === "install" || verb === "follow" ? SCRIPT_MS : SHORT_MS,
      path: `${this.#stage}/rig.sh`,
      onLine: (line) => {
        onLine?.(line);
        this.#hear(line);
      },
    });
  }

  #hear(line: string): void {
    const { rig } = this.#options;
    const step = readStep(line);
    if (step?.name === "follow") return;
    this.#heard += 1;
    if (step === null) rig.log(line);
    else if (step.name !== "end") rig.step(step.name, step.state, step.words);
    else this.#ended = step.state === "done" ? "done" : "failed";
  }

  #failure(): InstallFailed {
    return new InstallFailed(this.#options.rig.failedStep()?.message || "The rig broke the installation off without a word.");
  }
}
