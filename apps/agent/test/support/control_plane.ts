/** A control plane for tests: protocol 2 over a real Socket.IO server, signatures checked by node:crypto and not by the code under test. */
import { createPublicKey, generateKeyPairSync, type KeyObject, randomBytes, randomUUID, sign, verify } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import {
  type Ack,
  AgentBacklog,
  type AgentCommand,
  AgentEvents,
  AgentHello,
  AgentProof,
  AgentReport,
  type CommandBody,
  CommandReport,
  challengeStatement,
  DesiredReport,
  type DesiredState,
  EnrolRequest,
  enrolStatement,
  type FlightSheet,
  signedStatement,
} from "@otedama/shared/agent";
import { Server, type Socket } from "socket.io";

const rawKey = (key: KeyObject): string => Buffer.from(key.export({ format: "jwk" }).x ?? "", "base64url").toString("base64");
const keyOf = (raw: string): KeyObject =>
  createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x: Buffer.from(raw, "base64").toString("base64url") }, format: "jwk" });

export class TestControlPlane {
  readonly keys = generateKeyPairSync("ed25519");
  readonly tokens = new Map<string, { used_by: string | null }>();
  readonly known = new Map<string, string>();
  readonly hellos: AgentHello[] = [];
  readonly reports: AgentReport[] = [];
  readonly backlogs: number[] = [];
  readonly events: AgentEvents["events"] = [];
  readonly command_reports: CommandReport[] = [];
  readonly desired_reports: DesiredReport[] = [];
  enrol_requests = 0;
  /** Answers to enrolments that are lost on their way. */
  answers_to_lose = 0;
  /** What its clock shows beyond this machine's. */
  clock_ahead_ms = 0;
  /** How a message is answered; tests replace it. */
  judge: (event: string) => Ack | null = () => ({ ok: true });
  refuse: { code: string; message: string } | null = null;
  report_number: number | null = null;
  #number = 0;
  #revision = 0;
  #socket: Socket | null = null;
  readonly #http = createServer((request, answer) => void this.#serve(request, answer));
  readonly #io = new Server(this.#http);

  async listen(): Promise<this> {
    this.#io.of("/agents").on("connection", (socket) => {
      // An agent that is killed in the middle of the greeting leaves it unanswered.
      this.#greet(socket).catch(() => socket.disconnect(true));
    });
    this.#http.listen(this.port, "127.0.0.1");
    await once(this.#http, "listening");
    this.port = (this.#http.address() as AddressInfo).port;
    return this;
  }

  /** It stays the same when it is closed. */
  port = 0;

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get control_key(): string {
    return rawKey(this.keys.publicKey);
  }

  get connected(): boolean {
    return this.#socket?.connected ?? false;
  }

  now(): number {
    return Date.now() + this.clock_ahead_ms;
  }

  token(): string {
    const token = `enrol-${randomBytes(16).toString("hex")}`;
    this.tokens.set(token, { used_by: null });
    return token;
  }

  /** Takes over what another control plane knew, and its port: it is the same one, started again. */
  inherit(before: TestControlPlane): this {
    for (const [agent_id, key] of before.known) this.known.set(agent_id, key);
    Object.assign(this.keys, before.keys);
    this.port = before.port;
    this.#number = before.#number;
    this.#revision = before.#revision;
    this.reports.push(...before.reports);
    return this;
  }

  drop(): void {
    this.#socket?.disconnect(true);
  }

  async close(): Promise<void> {
    await this.#io.close();
  }

  get agent_id(): string {
    return [...this.known.keys()][0] ?? "";
  }

  command(body: CommandBody, more: Partial<AgentCommand> = {}): AgentCommand {
    this.#number += 1;
    const times = { issued_at_ms: this.now(), deadline_ms: this.now() + 60_000 };
    return { id: randomUUID(), agent_id: this.agent_id, number: this.#number, ...times, body, ...more };
  }

  desired(content: FlightSheet | null, more: Partial<DesiredState> = {}): DesiredState {
    this.#revision += 1;
    const sheet = content && { name: "sheet", version: this.#revision, content, worker_user: "wallet.rig1" };
    return { agent_id: this.agent_id, revision: this.#revision, issued_at_ms: this.now(), sheet, paused: null, ...more };
  }

  signed(kind: "command" | "desired" | "release", body: object, key: KeyObject = this.keys.privateKey) {
    const payload = JSON.stringify(body);
    return { payload, signature: sign(null, signedStatement(kind, payload), key).toString("base64") };
  }

  /** Sends an order as it is and returns what the agent answers. */
  async emit(event: "command" | "desired", body: unknown): Promise<Ack> {
    if (!this.#socket) throw new Error("no agent is connected");
    return this.#socket.timeout(15_000).emitWithAck(event, body);
  }

  order(command: AgentCommand): Promise<Ack> {
    return this.emit("command", this.signed("command", command));
  }

  want(state: DesiredState): Promise<Ack> {
    return this.emit("desired", this.signed("desired", state));
  }

  /** The reports of one command, oldest first. */
  of({ id }: { id: string }): CommandReport[] {
    return this.command_reports.filter((report) => report.id === id);
  }

  ended({ id }: { id: string }): CommandReport | undefined {
    return this.of({ id }).find(({ state }) => state === "proved" || state === "failed" || state === "expired");
  }

  async #serve(request: IncomingMessage, answer: ServerResponse): Promise<void> {
    if (request.url !== "/api/agent/enrol" || request.method !== "POST") return;
    this.enrol_requests += 1;
    let text = "";
    for await (const chunk of request) text += chunk;
    const reply = (status: number, body: object) => {
      answer.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    };
    const body = EnrolRequest.parse(JSON.parse(text));
    const token = this.tokens.get(body.token);
    const own = verify(null, enrolStatement(body), keyOf(body.public_key), Buffer.from(body.signature, "base64"));
    if (!token || !own) return reply(403, { code: "bad_token", message: "This token is not known." });
    if (token.used_by !== null && token.used_by !== body.public_key) {
      return reply(403, { code: "used_token", message: "This token was used by another key." });
    }
    token.used_by = body.public_key;
    this.known.set(body.agent_id, body.public_key);
    if (this.answers_to_lose > 0) {
      this.answers_to_lose -= 1;
      request.socket.destroy();
      return;
    }
    reply(200, { agent_id: body.agent_id, site: "home", control_key: this.control_key });
  }

  async #greet(socket: Socket): Promise<void> {
    const hello = AgentHello.parse(socket.handshake.auth);
    this.hellos.push(hello);
    const key = this.known.get(hello.agent_id);
    const end = (refusal: { code: string; message: string }) => {
      socket.emit("refused", refusal);
      socket.disconnect(true);
    };
    if (this.refuse) return end(this.refuse);
    if (key !== hello.public_key) return end({ code: "unknown_agent", message: "This agent is not known here." });
    const challenge = { nonce: randomBytes(32).toString("base64"), at_ms: this.now() };
    const proof = AgentProof.parse(await socket.timeout(10_000).emitWithAck("challenge", challenge));
    const statement = challengeStatement(hello.agent_id, challenge);
    if (!verify(null, statement, keyOf(key), Buffer.from(proof.signature, "base64"))) {
      return end({ code: "bad_proof", message: "The signature is not this agent's." });
    }
    this.#listen(socket);
    const stored = this.report_number ?? Math.max(0, ...this.#withoutGap());
    socket.emit("welcome", { at_ms: this.now(), telemetry_interval_ms: 1_000, report_number: stored });
    this.#socket = socket;
  }

  #listen(socket: Socket): void {
    const on = <T>(event: string, schema: { parse(body: unknown): T }, take: (body: T) => void) =>
      socket.on(event, (body: unknown, acknowledge: (ack: Ack) => void) => {
        const ack = this.judge(event);
        if (ack?.ok) take(schema.parse(body));
        if (ack) acknowledge(ack);
      });
    on("telemetry", AgentReport, (report) => this.reports.push(report));
    on("backlog", AgentBacklog, ({ reports }) => {
      this.backlogs.push(reports.length);
      this.reports.push(...reports);
    });
    on("event", AgentEvents, ({ events }) => this.events.push(...events));
    on("command", CommandReport, (report) => this.command_reports.push(report));
    on("desired", DesiredReport, (report) => this.desired_reports.push(report));
  }

  /** Numbers from 1 on, up to the first that is missing. */
  #withoutGap(): number[] {
    const numbers = new Set(this.reports.map(({ number }) => number));
    const found: number[] = [];
    for (let number = 1; numbers.has(number); number++) found.push(number);
    return found;
  }
}
