import { type ChildProcess, spawn } from "node:child_process";
import type { SignerLink } from "@otedama/shared";
import type { Signer } from "./signer.ts";
import { SIGNED_BYTES_MAX, SignerError } from "./signer_error.ts";

/** A program of the operator's: PSBT in base64 on standard input, the signed one on standard output, a reason on standard error. */
export class CommandSigner implements Signer {
  readonly kind = "command";
  readonly #command: readonly string[];
  readonly #timeout_ms: number;
  #child: ChildProcess | null = null;

  constructor(link: Extract<SignerLink, { kind: "command" }>) {
    this.#command = link.command;
    this.#timeout_ms = link.timeout_s * 1000;
  }

  async sign(psbt: string): Promise<string> {
    const [program = "", ...args] = this.#command;
    // Without a shell, and without what this process knows: settings and secrets may be in the environment.
    const child = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"], shell: false, env: { PATH: process.env.PATH ?? "" } });
    this.#child = child;
    const output: Buffer[] = [];
    let bytes = 0;
    let errors = "";
    let problem: string | null = null;
    const give_up = (reason: string) => {
      problem ??= reason;
      child.kill("SIGKILL");
    };
    const timer = setTimeout(() => give_up(`did not answer within ${this.#timeout_ms / 1000} s`), this.#timeout_ms);
    child.stdout.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > SIGNED_BYTES_MAX) give_up(`wrote more than ${SIGNED_BYTES_MAX} bytes`);
      else output.push(chunk);
    });
    child.stderr.on("data", (chunk: Buffer) => {
      errors = `${errors}${chunk.toString("utf8")}`.slice(0, 2_000);
    });
    // One that ends without reading is told apart by how it ends.
    child.stdin.on("error", () => {});
    child.stdin.end(`${psbt}\n`);
    const code = await new Promise<number | null>((resolve) => {
      child.once("error", (error) => {
        problem ??= `cannot be started: ${error.message}`;
        resolve(null);
      });
      child.once("close", (status) => resolve(status));
    });
    clearTimeout(timer);
    this.#child = null;
    if (problem !== null) throw new SignerError("away", `The signer command ${program} ${problem}.`);
    if (code !== 0) {
      const said = errors.trim().split("\n")[0]?.slice(0, 300);
      throw new SignerError("refused", `The signer command ${program} ended with code ${code}${said ? `: ${said}` : ""}.`);
    }
    return Buffer.concat(output).toString("utf8").trim();
  }

  async stop(): Promise<void> {
    this.#child?.kill("SIGKILL");
  }
}
