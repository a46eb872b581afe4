/** The certificate that Stratum over TLS shows: read at the start, and again when its files change or on SIGHUP. */

import { constants, X509Certificate } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { createSecureContext, type SecureContext } from "node:tls";
import type { Logger } from "pino";

export interface CertificateFiles {
  cert_file: string;
  key_file: string;
}

export interface CertificateOptions extends CertificateFiles {
  /** How often the files are looked at. */
  poll_ms: number;
}

export interface CertificateDependencies {
  /** After each reading but the first: null, or a sentence saying why the certificate of before is kept. */
  onReload: (message: string | null) => void;
}

interface Loaded {
  context: SecureContext;
  subject: string;
  not_after_ms: number;
}

/** Throws an Error whose message names the file and what is wrong with it. */
async function load(files: CertificateFiles): Promise<Loaded> {
  const read = async (key: keyof CertificateFiles): Promise<Buffer> => {
    try {
      return await readFile(files[key]);
    } catch (error) {
      throw new Error(`stratum.tls.${key} ${files[key]} cannot be read: ${(error as Error).message}`);
    }
  };
  // One after the other: of two that are missing it is always the certificate that is named.
  const cert = await read("cert_file");
  const key = await read("key_file");
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(cert);
  } catch {
    throw new Error(`stratum.tls.cert_file ${files.cert_file} holds no certificate in PEM form`);
  }
  let context: SecureContext;
  try {
    // A miner that asks for new keys again and again would cost more than it mines.
    context = createSecureContext({ cert, key, minVersion: "TLSv1.2", secureOptions: constants.SSL_OP_NO_RENEGOTIATION });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ERR_OSSL_X509_KEY_VALUES_MISMATCH") {
      throw new Error(`stratum.tls.key_file ${files.key_file} is not the key of the certificate in ${files.cert_file}`);
    }
    throw new Error(`stratum.tls.key_file ${files.key_file} holds no private key that can be used: ${message}`);
  }
  return { context, subject: certificate.subject.replaceAll("\n", ", "), not_after_ms: Date.parse(certificate.validTo) };
}

/** What tells one state of the files from the next. */
async function stateOf(files: CertificateFiles): Promise<string> {
  const stats = await Promise.all([stat(files.cert_file), stat(files.key_file)]).catch(() => []);
  return stats.map(({ ino, size, mtimeMs }) => `${ino} ${size} ${mtimeMs}`).join();
}

export class Certificate {
  readonly #options: CertificateOptions;
  readonly #d: CertificateDependencies;
  readonly #timer: NodeJS.Timeout;
  #loaded: Loaded;
  #state: string;

  private constructor(options: CertificateOptions, dependencies: CertificateDependencies, loaded: Loaded, state: string) {
    this.#options = options;
    this.#d = dependencies;
    this.#loaded = loaded;
    this.#state = state;
    this.#timer = setInterval(() => void this.#look(), options.poll_ms).unref();
  }

  /** Throws an Error whose message is a sentence for the operator. */
  static async open(options: CertificateOptions, dependencies: CertificateDependencies): Promise<Certificate> {
    const state = await stateOf(options);
    return new Certificate(options, dependencies, await load(options), state);
  }

  get context(): SecureContext {
    return this.#loaded.context;
  }

  get subject(): string {
    return this.#loaded.subject;
  }

  get not_after_ms(): number {
    return this.#loaded.not_after_ms;
  }

  /** Open connections keep the certificate they began with. Never throws: a wrong file leaves the one of before in place. */
  async reload(): Promise<void> {
    try {
      this.#loaded = await load(this.#options);
      this.#d.onReload(null);
    } catch (error) {
      this.#d.onReload((error as Error).message);
    }
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Two files are not replaced at one moment: a pair that does not fit is told of, and read again when it changes again. */
  async #look(): Promise<void> {
    const state = await stateOf(this.#options);
    if (state === this.#state) return;
    this.#state = state;
    await this.reload();
  }
}

/** How often the certificate's files are looked at. */
const POLL_MS = 10_000;

/** With what an operator wants to read of it in the log. Throws an Error whose message is a sentence. */
export async function openCertificate(
  files: CertificateFiles,
  { log, now_ms }: { log: Logger; now_ms: () => number },
): Promise<Certificate> {
  const tell = ({ subject, not_after_ms }: Certificate) => {
    const expired = not_after_ms < now_ms();
    log[expired ? "warn" : "info"](
      { subject, not_after: new Date(not_after_ms).toISOString() },
      expired ? "the Stratum certificate has expired: miners that check it will not connect" : "Stratum over TLS",
    );
  };
  const certificate: Certificate = await Certificate.open(
    { cert_file: files.cert_file, key_file: files.key_file, poll_ms: POLL_MS },
    {
      onReload: (message) => {
        if (message) log.error({ message }, "the certificate of before is kept");
        else tell(certificate);
      },
    },
  );
  tell(certificate);
  return certificate;
}
