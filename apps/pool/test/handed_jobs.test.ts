/** What goes from one pool process to the next comes back whole, and nothing else is believed. */
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import fc from "fast-check";
import { expect, test } from "vitest";
import { HandedJobError, JobReader, JobWriter } from "../src/takeover/job_lines.ts";
import { MessageLine } from "../src/takeover/message_line.ts";
import { FromOlder, takeoverPaths } from "../src/takeover/messages.ts";
import { TemplateGate } from "../src/takeover/template_gate.ts";
import { sha256d } from "../src/work/bytes.ts";
import { type Job, makeJob } from "../src/work/job.ts";
import type { TemplateTransaction } from "../src/work/template.ts";

const display = (bytes: Uint8Array) => Buffer.from(bytes).reverse().toString("hex");

function transaction(seed: number): TemplateTransaction {
  const bytes = Buffer.alloc(60, seed);
  return { data: bytes.toString("hex"), hash: display(sha256d(bytes)), txid: display(sha256d(Buffer.of(seed))) };
}

function job(job_number: number, seeds: number[]): Job {
  return makeJob(
    {
      version: 0x20000000,
      prev_hash: "0f".repeat(32),
      height: 100 + job_number,
      nbits: 0x207fffff,
      ntime: 1_700_000_000,
      clock_s: 1_700_000_000,
      coinbasevalue_sats: 5_000_000_001n,
      fees_sats: 1n,
      aux: [Buffer.from("aux")],
      longpollid: null,
      segwit: true,
      witness_commitment: Buffer.alloc(32, 7),
      transactions: seeds.map(transaction),
    },
    {
      job_number,
      clean: job_number === 1,
      coinbase_text: "/test/",
      outputs: [{ value_sats: 5_000_000_001n, script: Buffer.of(0x51) }],
      halving_interval_blocks: 210_000,
      template_node: "node",
      template_at_ms: 12.5,
      made_at_ms: 1_700_000_000_000,
    },
  );
}

/** As it goes over the wire. */
const lines = (jobs: Job[]): FromOlder[] => {
  const writer = new JobWriter();
  return jobs.flatMap((one) => [...writer.lines(one)]).map((message) => FromOlder.parse(JSON.parse(JSON.stringify(message))));
};
type JobMessage = FromOlder & { kind: "transactions" | "job" };
const read = (messages: FromOlder[]): Job[] => {
  const reader = new JobReader();
  for (const message of messages) reader.take(message as JobMessage);
  return reader.jobs;
};

test("jobs come back as they were, and each transaction goes once", () => {
  fc.assert(
    fc.property(fc.array(fc.uniqueArray(fc.integer({ min: 0, max: 30 })), { maxLength: 6 }), (lists) => {
      const jobs = lists.map((seeds, index) => job(index + 1, seeds));
      const messages = lines(jobs);
      expect(read(messages)).toEqual(jobs);
      const sent = messages.flatMap((message) => (message.kind === "transactions" ? message.list.map(([, , hash]) => hash) : []));
      expect(new Set(sent).size).toBe(sent.length);
    }),
  );
});

/** Replaces what stands at a path of the first message of a kind. */
function changed(kind: "transactions" | "job", path: (string | number)[], value: unknown): FromOlder[] {
  const messages = structuredClone(lines([job(1, [1, 2, 3])]));
  let at = messages.find((message) => message.kind === kind) as unknown as Record<string | number, unknown>;
  for (const key of path.slice(0, -1)) at = at[key] as Record<string | number, unknown>;
  const last = path.at(-1) as string | number;
  if (value === undefined) delete at[last];
  else at[last] = value;
  return messages;
}

test.each<[string, "transactions" | "job", (string | number)[], unknown, RegExp]>([
  ["a transaction that is another one", "transactions", ["list", 0, 0], "00".repeat(60), /is not what its hash says/],
  ["transactions in another order", "job", ["transactions"], [1, 0, 2], /job 1 does not fit its template/],
  ["a transaction that never came", "job", ["transactions", 0], 99, /names transaction 99, which did not come/],
  ["another tip", "job", ["job", "template", "prev_hash"], "00".repeat(32), /job 1 does not fit its template/],
  ["a field that a later version knows", "job", ["job", "template", "mood"], "good", /wrong template.*mood/],
  ["a field that an earlier version did not know", "job", ["job", "engine", "nbits"], undefined, /wrong engine.nbits/],
  [
    "an amount that is none",
    "job",
    ["job", "template", "coinbasevalue_sats"],
    { big: "-1" },
    /wrong template.coinbasevalue_sats/,
  ],
  ["bytes that are none", "job", ["job", "engine", "coinbase_prefix"], { hex: "0" }, /wrong engine.coinbase_prefix/],
])("%s is refused", (_name, kind, path, value, sentence) => {
  expect(() => read(changed(kind, path, value))).toThrow(HandedJobError);
  expect(() => read(changed(kind, path, value))).toThrow(sentence);
});

test("jobs without end are refused", () => {
  const [message] = lines([job(1, [])]) as [FromOlder];
  expect(() => read(Array.from({ length: 200 }, () => message))).toThrow("too many jobs");
});

test("a path that no socket can have is named", () => {
  expect(() => takeoverPaths(`/var/${"x".repeat(100)}`)).toThrow(/has 119 bytes and a socket takes 107. Set a shorter data_dir/);
});

test("templates wait at a gate that is held, and the newest of them goes on", () => {
  const gate = new TemplateGate();
  const passed: number[] = [];
  const pass = (number: number) => gate.pass(() => passed.push(number));
  pass(1);
  gate.hold();
  pass(2);
  pass(3);
  expect(passed).toEqual([1]);
  gate.open();
  pass(4);
  expect(passed).toEqual([1, 3, 4]);
});

test("a line of messages is bounded in time and size, and tells an end from a silence", async () => {
  const server = createServer();
  const sockets: Socket[] = [];
  server.on("connection", (socket) => sockets.push(socket.on("error", () => {})));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const reach = async (line_bytes_max: number, total_bytes_max: number) => {
    const socket = connect((server.address() as { port: number }).port, "127.0.0.1");
    await Promise.all([once(server, "connection"), once(socket, "connect")]);
    return [new MessageLine({ line_bytes_max, total_bytes_max }, { socket }), sockets.at(-1) as Socket] as const;
  };
  const [line, other] = await reach(100, 1_000);
  other.write('{"a":1}\n{"b"');
  expect(await line.receive(10_000)).toEqual({ a: 1 });
  other.write(":2}\n");
  expect(await line.receive(10_000)).toEqual({ b: 2 });
  other.end();
  expect(await line.receive(10_000)).toBeNull();

  const [silent] = await reach(100, 1_000);
  await expect(silent.receive(1)).rejects.toThrow("nothing came for 0.001 s");
  for (const text of ["x".repeat(101), '{"c":3}\n'.repeat(200)]) {
    const [flooded, flooder] = await reach(100, 1_000);
    flooder.write(text);
    const all = async () => {
      while ((await flooded.receive(10_000)) !== null) {}
    };
    await expect(all()).rejects.toThrow("too much came at once");
  }
  server.close();
  for (const socket of sockets) socket.destroy();
});
