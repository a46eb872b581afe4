/**
 * Hears of new blocks from a node's ZeroMQ publisher (Bitcoin Core's doc/zmq.md): messages of topic, body and a number that counts the
 * topic's messages. A message is only a hint to ask the node: nobody has to be trusted for it.
 */
import type { Subscriber } from "zeromq";
import { sha256d } from "./bytes.ts";

export type ZmqState = "connecting" | "connected";

export interface TipSocketDependencies {
  /** Hash of a block that the node has made its best, in the order of RPC. */
  onHash: (hash: string) => void;
  /** With a sentence where something is wrong. */
  onState: (state: ZmqState, message: string | null) => void;
  /** Messages that were sent and did not come. */
  onMissed: (messages: number) => void;
}

const TOPICS = ["hashblock", "rawblock"] as const;
const HEADER_BYTES = 80;
/** A block has at most four million bytes. */
const MESSAGE_BYTES_MAX = 8 * 1024 * 1024;
const QUEUE_MAX = 64;

export class TipSocket {
  readonly #url: string;
  readonly #d: TipSocketDependencies;
  readonly #numbers = new Map<string, number>();
  #socket: Subscriber | null = null;
  #stopped = false;
  #running: Promise<void> | null = null;

  constructor(options: { url: string }, dependencies: TipSocketDependencies) {
    this.#url = options.url;
    this.#d = dependencies;
  }

  start(): void {
    this.#running ??= this.#run().catch((error: Error) => {
      if (!this.#stopped) this.#d.onState("connecting", `ZeroMQ at ${this.#url} cannot be used: ${error.message}.`);
    });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#socket?.close();
    await this.#running;
  }

  async #run(): Promise<void> {
    // Its native half is loaded by those who have a publisher only.
    const zmq = await import("zeromq");
    if (this.#stopped) return;
    const socket = new zmq.Subscriber({
      linger: 0,
      reconnectInterval: 250,
      reconnectMaxInterval: 5_000,
      receiveHighWaterMark: QUEUE_MAX,
      maxMessageSize: MESSAGE_BYTES_MAX,
      heartbeatInterval: 20_000,
      heartbeatTimeout: 20_000,
    });
    this.#socket = socket;
    const connected = (state: ZmqState, message: string | null) => {
      // Numbers begin anew with a publisher that was started again.
      if (state === "connecting") this.#numbers.clear();
      if (!this.#stopped) this.#d.onState(state, message);
    };
    socket.events.on("handshake", () => connected("connected", null));
    socket.events.on("disconnect", () => connected("connecting", `ZeroMQ at ${this.#url} closed the connection.`));
    socket.events.on("handshake:error:protocol", () => connected("connecting", `${this.#url} does not speak ZeroMQ.`));
    socket.connect(this.#url);
    socket.subscribe(...TOPICS);
    for await (const message of socket) this.take(message);
  }

  /** One message, whatever is in it. */
  take(message: readonly Uint8Array[]): void {
    const [topic, body, number] = message;
    const name = TOPICS.find((known) => topic !== undefined && Buffer.from(topic).equals(Buffer.from(known)));
    if (name === undefined || body === undefined) return;
    if (number?.length === 4) this.#count(name, Buffer.from(number).readUInt32LE());
    if (name === "hashblock") {
      if (body.length === 32) this.#d.onHash(Buffer.from(body).toString("hex"));
    } else if (body.length > HEADER_BYTES) {
      this.#d.onHash(sha256d(body.subarray(0, HEADER_BYTES)).reverse().toString("hex"));
    }
  }

  #count(topic: string, number: number): void {
    const before = this.#numbers.get(topic);
    this.#numbers.set(topic, number);
    const missed = before === undefined ? 0 : (number - before - 1) >>> 0;
    // More than the half of all numbers is a step back: the publisher was started again.
    if (missed > 0 && missed < 0x80000000) this.#d.onMissed(missed);
  }
}
