/**
 * What signs in on rigs, for as long as a run needs it. It prints as nothing, so that no log, error or answer carries it, and is
 * overwritten when it is forgotten. Strings that were made of it for a library live until the garbage collector takes them; nothing
 * holds on to them.
 */
import { inspect } from "node:util";
import type { ProvisionCredential } from "@otedama/shared";

export type Credential =
  | { kind: "key"; private_key: Buffer; passphrase: string | undefined }
  | { kind: "agent"; socket: string }
  | { kind: "password"; password: string };

export class SecretForgottenError extends Error {
  constructor() {
    super("The credentials of this run were forgotten. Open a new run and enter them again.");
  }
}

export class HeldSecret {
  readonly kind: ProvisionCredential["kind"];
  readonly #parts: { key: Buffer | null; word: Buffer | null; sudo: Buffer | null };
  readonly #socket: string | null;
  #held = true;

  /** `ssh_agent` is the socket of the control plane's own SSH agent. */
  constructor(credential: ProvisionCredential, sudo_password: string, ssh_agent: string | null) {
    this.kind = credential.kind;
    this.#socket = ssh_agent;
    const bytes = (text: string) => (text === "" ? null : Buffer.from(text, "utf8"));
    const word = credential.kind === "password" ? credential.password : credential.kind === "key" ? credential.passphrase : "";
    this.#parts = {
      key: credential.kind === "key" ? bytes(credential.private_key) : null,
      word: bytes(word),
      sudo: bytes(sudo_password === "" && credential.kind === "password" ? credential.password : sudo_password),
    };
  }

  get held(): boolean {
    return this.#held;
  }

  get hasSudoPassword(): boolean {
    return this.#parts.sudo !== null;
  }

  credential(): Credential {
    if (!this.#held) throw new SecretForgottenError();
    const { key, word } = this.#parts;
    switch (this.kind) {
      case "key":
        return { kind: "key", private_key: key ?? Buffer.alloc(0), passphrase: word?.toString("utf8") };
      case "agent":
        return { kind: "agent", socket: this.#socket ?? "" };
      case "password":
        return { kind: "password", password: word?.toString("utf8") ?? "" };
    }
  }

  /** The line that sudo reads. Null where there is none. */
  sudoLine(): Buffer | null {
    if (!this.#held) throw new SecretForgottenError();
    return this.#parts.sudo === null ? null : Buffer.concat([this.#parts.sudo, Buffer.from("\n")]);
  }

  forget(): void {
    for (const part of Object.values(this.#parts)) part?.fill(0);
    this.#held = false;
  }

  toJSON(): string {
    return "(secret)";
  }

  [inspect.custom](): string {
    return "(secret)";
  }
}
