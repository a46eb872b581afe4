/**
 * Stratum over TLS. The engine hands up the socket of a miner whose first byte is a TLS handshake's, and reads the plain lines from a Unix
 * socket: here the two are joined. All limits, bans and time-outs hold at the plain side, where the engine goes on as with any other
 * connection; what it closes there is closed here. Each side is read only as fast as the other one takes.
 */
import { closeSync } from "node:fs";
import { Socket } from "node:net";
import { type SecureContext, TLSSocket } from "node:tls";
import type { TlsEvent } from "@otedama/native/engine-types";

export interface TlsOptions {
  /** Time for the last bytes to reach a miner whose connection is over. */
  linger_ms: number;
}

export interface TlsDependencies {
  /** The certificate of the moment. */
  context: () => SecureContext;
}

export class TlsConnections {
  readonly #options: TlsOptions;
  readonly #d: TlsDependencies;
  readonly #open = new Set<TLSSocket>();
  #stopped = false;
  #handshakes = { completed: 0, failed: 0 };

  constructor(options: TlsOptions, dependencies: TlsDependencies) {
    this.#options = options;
    this.#d = dependencies;
  }

  get open(): number {
    return this.#open.size;
  }

  /** `failed` counts connections that ended before the handshake did, whoever ended them. */
  get handshakes(): Readonly<{ completed: number; failed: number }> {
    return this.#handshakes;
  }

  /** Takes both descriptors of the event over. Never throws. */
  take(event: TlsEvent): void {
    if (this.#stopped) {
      closeSync(event.fd);
      closeSync(event.plain_fd);
      return;
    }
    const socket = new Socket({ fd: event.fd });
    const plain = new Socket({ fd: event.plain_fd });
    socket.on("error", () => {});
    socket.unshift(event.head);
    const miner = new TLSSocket(socket, { isServer: true, secureContext: this.#d.context() });
    this.#open.add(miner);
    let secure = false;
    miner.once("secure", () => {
      secure = true;
      this.#handshakes.completed += 1;
    });
    miner.on("error", () => {});
    plain.on("error", () => {});
    miner.once("close", () => {
      this.#open.delete(miner);
      if (!secure) this.#handshakes.failed += 1;
      plain.destroy();
    });
    plain.once("close", () => {
      if (!secure) return miner.destroy();
      // The engine's last line says why it ended.
      const lingering = setTimeout(() => miner.destroy(), this.#options.linger_ms).unref();
      miner.once("close", () => clearTimeout(lingering));
      miner.destroySoon();
    });
    miner.pipe(plain).pipe(miner);
  }

  /** Ends what is still open, at once; to be called when the engine has ended its side. */
  stop(): void {
    this.#stopped = true;
    for (const miner of this.#open) miner.destroy();
  }
}
