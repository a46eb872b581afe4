/** One SSH connection to one rig: signed in, with its host key checked first. Everything has an end: a time, a number of bytes. */
import ssh2, {
  type Algorithms,
  type ConnectConfig,
  type ServerHostKeyAlgorithm,
  type SFTPWrapper,
  type Client as SshClient,
} from "ssh2";
import type { Credential } from "./held_secret.ts";
import { type HostKey, hostKeyAlgorithms, readHostKey } from "./host_key.ts";
import { plainText } from "./plain_text.ts";
import type { Target } from "./targets.ts";

export type SshTroubleCode = "unreachable" | "host_key" | "credentials" | "dropped" | "slow" | "refused";

/** What went wrong between us and a rig, as a sentence. Trying again is of use for what is `dropped` or `slow`. */
export class SshTrouble extends Error {
  readonly code: SshTroubleCode;

  constructor(code: SshTroubleCode, message: string) {
    super(message);
    this.code = code;
  }
}

export interface SshTiming {
  connect_ms: number;
  keepalive_ms: number;
}
export const SSH_TIMING: SshTiming = { connect_ms: 15_000, keepalive_ms: 5_000 };

export interface Executed {
  /** Null when a signal ended it. */
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface ExecuteOptions {
  timeout_ms: number;
  input?: Buffer;
  /** Each whole line of standard output, as plain text. */
  onLine?: (line: string) => void;
}

const OUTPUT_BYTES_MAX = 262_144;
const LINE_LENGTH_MAX = 400;

export class SshLink {
  readonly #client: SshClient;
  readonly #gone: Promise<never>;
  #lost: SshTrouble | null = null;

  constructor(client: SshClient) {
    this.#client = client;
    let lose: (trouble: SshTrouble) => void = () => {};
    this.#gone = new Promise((_resolve, reject) => {
      lose = (trouble) => {
        this.#lost ??= trouble;
        reject(this.#lost);
      };
    });
    this.#gone.catch(() => {});
    client.on("error", (error) => lose(new SshTrouble("dropped", `The connection broke: ${plainText(error.message, 200)}.`)));
    client.on("close", () => lose(new SshTrouble("dropped", "The connection broke.")));
  }

  /** Runs a command to its end. */
  async execute(command: string, options: ExecuteOptions): Promise<Executed> {
    if (this.#lost !== null) throw this.#lost;
    const { promise, resolve, reject } = Promise.withResolvers<Executed>();
    const timer = setTimeout(
      () => reject(new SshTrouble("slow", `The rig did not finish within ${Math.round(options.timeout_ms / 1_000)} s.`)),
      options.timeout_ms,
    );
    this.#client.exec(command, (error, stream) => {
      if (error)
        return reject(new SshTrouble("refused", `The rig runs no commands for this user: ${plainText(error.message, 200)}.`));
      const stdout = new Lines(options.onLine);
      const stderr = new Lines();
      stream.on("data", (chunk: Buffer) => stdout.add(chunk));
      stream.stderr.on("data", (chunk: Buffer) => stderr.add(chunk));
      let code: number | null = null;
      let ended = false;
      stream.on("exit", (exit: number | null) => {
        code = exit;
        ended = true;
      });
      stream.on("close", () => {
        stdout.end();
        // A channel that closes without an exit is a connection that goes.
        if (ended) resolve({ code, stdout: stdout.text, stderr: stderr.text });
        else reject(new SshTrouble("dropped", "The connection broke while the rig worked."));
      });
      stream.on("error", () => {});
      if (options.input === undefined) stream.end();
      else stream.end(options.input);
    });
    try {
      return await Promise.race([promise, this.#gone]);
    } finally {
      clearTimeout(timer);
      promise.catch(() => {});
    }
  }

  /** Runs what needs SFTP; the session ends with it. */
  async files<T>(work: (sftp: SFTPWrapper) => Promise<T>): Promise<T> {
    if (this.#lost !== null) throw this.#lost;
    const opened = new Promise<SFTPWrapper>((resolve, reject) => {
      this.#client.sftp((error, sftp) =>
        error
          ? reject(
              new SshTrouble(
                "refused",
                `The rig takes no files over SFTP: ${plainText(error.message, 200)}. Its sshd needs the sftp subsystem.`,
              ),
            )
          : resolve(sftp),
      );
    });
    opened.catch(() => {});
    const sftp = await Promise.race([opened, this.#gone]);
    sftp.on("error", () => {});
    const done = work(sftp);
    done.catch(() => {});
    try {
      return await Promise.race([done, this.#gone]);
    } finally {
      sftp.end();
    }
  }

  onGone(gone: () => void): void {
    this.#gone.catch(gone);
  }

  close(): void {
    this.#lost ??= new SshTrouble("dropped", "The connection was closed.");
    this.#client.end();
    this.#client.destroy();
  }
}

/** Collects output up to its bound; what is beyond is read and dropped, so that the other side never waits. */
class Lines {
  text = "";
  #rest = "";
  readonly #onLine: ((line: string) => void) | undefined;

  constructor(onLine?: (line: string) => void) {
    this.#onLine = onLine;
  }

  add(chunk: Buffer): void {
    if (this.text.length >= OUTPUT_BYTES_MAX) return;
    const words = chunk.toString("utf8");
    this.text += words;
    if (this.#onLine === undefined) return;
    const lines = (this.#rest + words).split("\n");
    this.#rest = (lines.pop() ?? "").slice(0, 8 * LINE_LENGTH_MAX);
    for (const line of lines) this.#onLine(plainText(line, LINE_LENGTH_MAX));
  }

  end(): void {
    if (this.#rest !== "") this.#onLine?.(plainText(this.#rest, LINE_LENGTH_MAX));
  }
}

/** The key that a host shows. Nothing is signed in to and no secret leaves us. */
export async function askHostKey(target: Target, pinned_types: readonly string[], timing: SshTiming): Promise<HostKey> {
  let shown: HostKey | null = null;
  const trouble = await open(
    target,
    {
      username: "otedama",
      hostVerifier: (key: Buffer) => {
        shown = readHostKey(key);
        return false;
      },
    },
    pinned_types,
    timing,
  ).then(
    (link) => {
      link.close();
      return null;
    },
    (error: unknown) => error,
  );
  if (shown !== null) return shown;
  throw trouble instanceof Error ? trouble : new SshTrouble("unreachable", "The rig showed no host key.");
}

/** Signs in, once the host has shown one of the pinned keys; else nothing is sent and the sentence says what came and what should have. */
export async function signIn(
  target: Target & { user: string },
  credential: Credential,
  pins: readonly HostKey[],
  timing: SshTiming,
): Promise<SshLink> {
  let wrong: HostKey | "unreadable" | null = null;
  const config: ConnectConfig = {
    username: target.user,
    hostVerifier: (key: Buffer) => {
      const shown = readHostKey(key);
      const right = shown !== null && pins.some((pin) => pin.key.equals(shown.key));
      if (!right) wrong = shown ?? "unreadable";
      return right;
    },
  };
  switch (credential.kind) {
    case "key": {
      const parsed = ssh2.utils.parseKey(credential.private_key, credential.passphrase);
      if (parsed instanceof Error) throw new SshTrouble("credentials", keyProblem(parsed));
      Object.assign(
        config,
        { privateKey: credential.private_key },
        credential.passphrase ? { passphrase: credential.passphrase } : {},
      );
      break;
    }
    case "agent":
      config.agent = credential.socket;
      break;
    case "password":
      Object.assign(config, { password: credential.password, tryKeyboard: true });
      break;
  }
  const pinned_types = pins.map((pin) => pin.type);
  try {
    return await open(target, config, pinned_types, timing, credential.kind === "password" ? credential.password : null);
  } catch (error) {
    if (wrong !== null) throw new SshTrouble("host_key", changedKey(wrong, pins));
    throw error;
  }
}

/** What is said of a key that is not the pinned one. */
export function changedKey(shown: HostKey | "unreadable", pins: readonly Pick<HostKey, "type" | "fingerprint">[]): string {
  const expected = pins.map((pin) => `${pin.type} ${pin.fingerprint}`).join(" or ");
  const came = shown === "unreadable" ? "a key that cannot be read" : `${shown.type} ${shown.fingerprint}`;
  return `The host key changed. Expected ${expected === "" ? "a confirmed key" : expected}; ${came} came. Either the rig was installed anew or somebody is in between: nothing was sent to it. If you know why, forget the pin below and confirm the new key.`;
}

/** Whether a private key can be used, as a sentence; null when it can. */
export function privateKeyProblem(credential: Credential): string | null {
  if (credential.kind !== "key") return null;
  const parsed = ssh2.utils.parseKey(credential.private_key, credential.passphrase);
  if (parsed instanceof Error) return keyProblem(parsed);
  const key = Array.isArray(parsed) ? parsed[0] : parsed;
  return key === undefined || !key.isPrivateKey() ? "This is a public key; the private one is needed." : null;
}

function keyProblem(error: Error): string {
  if (/no passphrase/i.test(error.message)) return "The private key has a passphrase; enter it too.";
  if (/passphrase|integrity|bad decrypt/i.test(error.message)) return "The passphrase does not open this private key.";
  return "This is no private key that SSH understands: paste the whole file, from its first BEGIN to its last END line.";
}

function open(
  { host, port }: Target,
  config: ConnectConfig,
  pinned_types: readonly string[],
  timing: SshTiming,
  password: string | null = null,
): Promise<SshLink> {
  const client = new ssh2.Client();
  const link = new SshLink(client);
  const where = `${host} port ${port}`;
  return new Promise((resolve, reject) => {
    const fail = (trouble: SshTrouble) => {
      link.close();
      reject(trouble);
    };
    client.once("ready", () => resolve(link));
    client.on("error", (error: Error & { level?: string; code?: string }) =>
      fail(connectTrouble(error, where, config.username ?? "")),
    );
    client.once("close", () => fail(new SshTrouble("unreachable", `${where} hung up before the sign-in.`)));
    if (password !== null) {
      // Asked once: some servers ask for the password only this way; more than that would be guessing.
      let asked = false;
      client.on("keyboard-interactive", (_name, _instructions, _language, prompts, finish) => {
        finish(asked || prompts.length !== 1 ? [] : [password]);
        asked = true;
      });
    }
    const algorithms: Algorithms = { serverHostKey: hostKeyAlgorithms(pinned_types) as ServerHostKeyAlgorithm[] };
    try {
      client.connect({
        host,
        port,
        algorithms,
        readyTimeout: timing.connect_ms,
        timeout: timing.connect_ms,
        keepaliveInterval: timing.keepalive_ms,
        keepaliveCountMax: 3,
        ...config,
      });
    } catch (error) {
      fail(new SshTrouble("credentials", plainText(error instanceof Error ? error.message : String(error), 200)));
    }
  });
}

function connectTrouble(error: Error & { level?: string; code?: string }, where: string, user: string): SshTrouble {
  const { level, code, message } = error;
  if (level === "client-authentication") {
    return new SshTrouble("credentials", `${where} does not let ${user} in with these credentials.`);
  }
  if (level === "agent") return new SshTrouble("credentials", "The SSH agent of the control plane's machine does not answer.");
  if (level === "client-timeout") return new SshTrouble("slow", `${where} did not finish the sign-in in time.`);
  switch (code) {
    case "ECONNREFUSED":
      return new SshTrouble("unreachable", `Nothing listens at ${where}: is sshd running there?`);
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return new SshTrouble("unreachable", `No name server knows the host of ${where}.`);
    case "EHOSTUNREACH":
    case "ENETUNREACH":
    case "ETIMEDOUT":
      return new SshTrouble("unreachable", `Nothing answers at ${where}.`);
    case "ECONNRESET":
    case "EPIPE":
      return new SshTrouble("dropped", `The connection to ${where} broke.`);
  }
  if (/no matching/i.test(message)) {
    return new SshTrouble(
      "refused",
      `${where} and this control plane have no ${/host key/i.test(message) ? "host key type" : "cipher"} in common: its SSH server is too old.`,
    );
  }
  return new SshTrouble("unreachable", `${where}: ${plainText(message, 200)}.`);
}
