import {
  BadMessageError,
  decodeJob,
  decodePrevHash,
  encodePrevHash,
  formatStratumUrl,
  LineSplitter,
  LineTooLongError,
  NotifyParams,
  parseParams,
  parsePoolLine,
  parseStratumUrl,
  readConfigure,
  readSubscribe,
  submitParams,
  submitResult,
} from "@otedama/stratum";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

const wishes = { user_agent: "otedama/test", version_mask: 0x1fffe000, minimum_difficulty: null, session: null };

describe("lines", () => {
  test("come out the same however the bytes arrive", () => {
    const line = fc.string({ unit: "grapheme", maxLength: 60 }).map((text) => text.replace(/[\r\n]/g, "").trim());
    fc.assert(
      fc.property(
        fc.array(line, { maxLength: 20 }),
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }),
        (lines, cuts) => {
          const bytes = Buffer.from(lines.map((text) => `${text}\n`).join(""));
          const splitter = new LineSplitter();
          const seen: string[] = [];
          for (let at = 0, i = 0; at < bytes.length; i++) {
            const size = cuts[i % cuts.length] ?? 1;
            seen.push(...splitter.feed(bytes.subarray(at, at + size)));
            at += size;
          }
          expect(seen).toEqual(lines.filter((text) => text !== ""));
        },
      ),
    );
  });

  test("are bounded, finished or not", () => {
    const feed = (splitter: LineSplitter, text: string) => [...splitter.feed(Buffer.from(text))];
    expect(feed(new LineSplitter(8), "12345678\n")).toEqual(["12345678"]);
    expect(() => feed(new LineSplitter(8), "123456789\n")).toThrow(LineTooLongError);
    const splitter = new LineSplitter(8);
    expect(feed(splitter, "12345")).toEqual([]);
    expect(() => feed(splitter, "6789")).toThrow("longer than 8 bytes");
  });
});

describe("a pool's line", () => {
  test("is a request, a response or a BadMessageError, whatever it holds", () => {
    const line = fc.oneof(
      fc.string(),
      fc.json(),
      fc
        .record(
          { id: fc.anything(), method: fc.anything(), params: fc.anything(), result: fc.anything(), error: fc.anything() },
          { requiredKeys: [] },
        )
        .map((value) => {
          try {
            return JSON.stringify(value) ?? "";
          } catch {
            return "";
          }
        }),
    );
    fc.assert(
      fc.property(line, (text) => {
        try {
          expect(["request", "response"]).toContain(parsePoolLine(text).kind);
        } catch (error) {
          expect(error).toBeInstanceOf(BadMessageError);
        }
      }),
      { numRuns: 1000 },
    );
  });

  test("gives its error in each of the forms that pools use", () => {
    const error = (text: string) => parsePoolLine(`{"id":1,"result":null,"error":${text}}`);
    expect(error('[21,"Job not found",null]')).toMatchObject({ error: { code: 21, message: "Job not found" } });
    expect(error('{"code":-32601,"message":"Method not found"}')).toMatchObject({
      error: { code: -32601, message: "Method not found" },
    });
    expect(error('"stale"')).toMatchObject({ error: { code: 20, message: "stale" } });
    expect(error("null")).toMatchObject({ error: null });
  });
});

describe("mining.notify", () => {
  const prev_hash = "4d16b6f85af6e2198f44ae2a6de67f78487ae5611b77c6c0440b921e00000000";
  const params = ["bf", prev_hash, "0100", "ffff", ["aa".repeat(32)], "20000000", "1c2ac4af", "504e86b9", false];
  const context = { extranonce1: Uint8Array.of(8, 0, 2, 1), extranonce2_size: 4, version_mask: 0, difficulty: 1 };

  test("is decoded into wire order", () => {
    const job = decodeJob(parseParams(NotifyParams, "mining.notify", params), context);
    // Each group of four bytes is turned round.
    expect(Buffer.from(job.prev_hash).toString("hex")).toBe("f8b6164d19e2f65a2aae448f787fe66d61e57a48c0c6771b1e920b4400000000");
    expect(job).toMatchObject({
      job_id: "bf",
      version: 0x20000000,
      nbits: 0x1c2ac4af,
      ntime: 0x504e86b9,
      clean: false,
      difficulty: 1,
    });
    expect(job.merkle_branches).toEqual(new Uint8Array(32).fill(0xaa));
  });

  test("with any wrong part is refused by name", () => {
    for (let i = 0; i < params.length; i++) {
      const wrong = params.map((value, at) => (at === i ? 7 : value));
      expect(() => parseParams(NotifyParams, "mining.notify", wrong)).toThrow(BadMessageError);
      expect(() => parseParams(NotifyParams, "mining.notify", params.slice(0, i))).toThrow(/^mining\.notify: /);
    }
    expect(() => parseParams(NotifyParams, "mining.notify", [params[0], "00", ...params.slice(2)])).toThrow(
      "must be 64 hex digits",
    );
  });

  test("previous hashes go there and back", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (bytes) => {
        expect(decodePrevHash(encodePrevHash(bytes))).toEqual(bytes);
      }),
    );
  });
});

describe("the handshake", () => {
  test("takes no version bits that were not asked for", () => {
    const granted = (result: unknown) => readConfigure({ kind: "answered", result, error: null }, wishes);
    expect(granted({ "version-rolling": true, "version-rolling.mask": "ffffffff" })).toEqual({
      version_mask: 0x1fffe000,
      subscribe_extranonce: false,
    });
    expect(granted({ "version-rolling": false, "version-rolling.mask": "1fffe000" }).version_mask).toBe(0);
    expect(granted({ "version-rolling": "not here" }).version_mask).toBe(0);
    expect(granted([1, 2, 3]).version_mask).toBe(0);
    expect(readConfigure({ kind: "unanswered", reason: "" }, wishes).version_mask).toBe(0);
  });

  test("finds the session in the subscriptions, or does without", () => {
    const session = (subscriptions: unknown) => readSubscribe([subscriptions, "08000002", 4]).session;
    expect(
      session([
        ["mining.set_difficulty", "b4b6"],
        ["mining.notify", "ae68"],
      ]),
    ).toBe("ae68");
    expect(session(["mining.notify", "ae68"])).toBe("ae68");
    expect(session(null)).toBeNull();
    expect(() => readSubscribe([[], "0800000", 4])).toThrow("even number of hex digits");
    expect(() => readSubscribe([[], "08", 400])).toThrow(BadMessageError);
  });
});

test("a share is written as eight-digit words, with version bits only where they may be rolled", () => {
  const share = {
    job_id: "bf",
    extranonce2: Uint8Array.of(0, 0, 0, 1),
    ntime: 0x504e86ed,
    nonce: 0xb2957c02,
    version_bits: null,
  };
  expect(submitParams("slush.miner1", share)).toEqual(["slush.miner1", "bf", "00000001", "504e86ed", "b2957c02"]);
  expect(submitParams("u", { ...share, nonce: 1, version_bits: 0x2000 })).toEqual([
    "u",
    "bf",
    "00000001",
    "504e86ed",
    "00000001",
    "00002000",
  ]);
});

test("an answer to a share is read by its code", () => {
  const result = (code: number) => submitResult(null, { code, message: "why" }, 1).result;
  expect([21, 22, 23, 24, 25, 20, 99].map(result)).toEqual([
    "stale",
    "duplicate",
    "low_difficulty",
    "unauthorized",
    "unauthorized",
    "invalid",
    "invalid",
  ]);
  expect(submitResult(true, null, 1).result).toBe("accepted");
  expect(submitResult(false, null, 1)).toMatchObject({ result: "invalid", reason: "refused without a reason" });
});

test("pool addresses are read and written", () => {
  for (const url of ["stratum+tcp://pool.example:3333", "stratum+ssl://10.0.0.1:443", "stratum+tcp://[::1]:3333"]) {
    expect(formatStratumUrl(parseStratumUrl(url))).toBe(url);
  }
  for (const url of [
    "http://pool:1",
    "stratum+tcp://pool",
    "stratum+tcp://pool:0",
    "stratum+tcp://pool:65536",
    "stratum+tcp://a@b:1",
  ]) {
    expect(() => parseStratumUrl(url)).toThrow("is not a pool address");
  }
});
