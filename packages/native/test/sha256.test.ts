import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import {
  CPU_FEATURES,
  type CpuFeature,
  cpuFeatures,
  merkleClimbMany,
  setFeatureMask,
  sha256,
  sha256d,
  sha256dHoles,
  sha256dMany64,
  sha256dMany80,
  sha256dTails,
} from "@otedama/native";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const vectors = JSON.parse(readFileSync(new URL("../vectors/sha256d.json", import.meta.url), "utf8"));
const once = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest();
const twice = (bytes: Uint8Array) => once(once(bytes));
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

/** What is left switched on for each path. */
const PATHS: Record<string, CpuFeature[]> = {
  portable: [],
  sse41: ["sse4_1"],
  avx2: ["sse4_1", "avx2"],
  avx512: ["sse4_1", "avx2", "avx512"],
  sha_ni: ["sse4_1", "sha_ni"],
  everything: [...CPU_FEATURES],
};
const missing = (features: CpuFeature[]) => features.filter((feature) => !cpuFeatures().includes(feature));

const chunks = (bytes: Uint8Array, size: number) =>
  Array.from({ length: bytes.length / size }, (_, i) => bytes.subarray(i * size, i * size + size));

test("one message: the published vectors", () => {
  for (const { input, expected } of vectors.message_vectors) {
    const message = Buffer.from(input.message_hex, "hex");
    expect(hex(sha256(message))).toBe(expected.sha256_hex);
    expect(hex(sha256d(message))).toBe(expected.sha256d_hex);
  }
});

test("one message of any length", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (message) => {
      expect(hex(sha256(message))).toBe(hex(once(message)));
      expect(hex(sha256d(message))).toBe(hex(twice(message)));
    }),
  );
});

describe.each(Object.entries(PATHS))("batches on the %s path", (name, features) => {
  const lacking = name === "everything" ? [] : missing(features);

  beforeAll(() => setFeatureMask(features));
  afterAll(() => setFeatureMask(null));

  test("are the digests of their messages, for any number of them", (context) => {
    if (lacking.length > 0) return context.skip(`this CPU has no ${lacking.join(", ")}`);
    fc.assert(
      fc.property(fc.nat(120), fc.uint8Array({ minLength: 80, maxLength: 80 }), fc.nat(), (count, seed, salt) => {
        const messages = Buffer.concat(
          Array.from({ length: count }, (_, i) => Buffer.from(seed.map((byte, at) => byte ^ (i * 31 + at * salt)))),
        );
        expect(chunks(sha256dMany80(messages), 32).map(hex)).toEqual(chunks(messages, 80).map(twice).map(hex));
        const pairs = messages.subarray(0, count * 64);
        expect(chunks(sha256dMany64(pairs), 32).map(hex)).toEqual(chunks(pairs, 64).map(twice).map(hex));
      }),
      { numRuns: 60 },
    );
  });

  test("climb a Merkle tree along its branches, from any number of leaves", (context) => {
    if (lacking.length > 0) return context.skip(`this CPU has no ${lacking.join(", ")}`);
    const digest = fc.uint8Array({ minLength: 32, maxLength: 32 });
    fc.assert(
      fc.property(fc.nat(70), fc.array(digest, { maxLength: 14 }), digest, fc.nat(), (count, branches, seed, salt) => {
        const leaves = Array.from({ length: count }, (_, i) => seed.map((byte, at) => byte ^ (i * 31 + at * salt)));
        const roots = leaves.map((leaf) =>
          branches.reduce<Uint8Array>((node, branch) => twice(Buffer.concat([node, branch])), leaf),
        );
        expect(chunks(merkleClimbMany(Buffer.concat(leaves), Buffer.concat(branches)), 32).map(hex)).toEqual(roots.map(hex));
      }),
      { numRuns: 60 },
    );
  });

  test("climb more levels than any block has", (context) => {
    if (lacking.length > 0) return context.skip(`this CPU has no ${lacking.join(", ")}`);
    const branches = Array.from({ length: 70 }, (_, level) => Buffer.alloc(32, level));
    const leaves = Array.from({ length: 23 }, (_, i) => Buffer.alloc(32, 100 + i));
    const roots = leaves.map((leaf) => branches.reduce((node, branch) => twice(Buffer.concat([node, branch])), leaf));
    expect(chunks(merkleClimbMany(Buffer.concat(leaves), Buffer.concat(branches)), 32).map(hex)).toEqual(roots.map(hex));
  });

  test("go on from a prefix, whatever its length and that of the tails", (context) => {
    if (lacking.length > 0) return context.skip(`this CPU has no ${lacking.join(", ")}`);
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        fc.integer({ min: 1, max: 300 }),
        fc.integer({ min: 1, max: 90 }),
        (prefix, tail_bytes, count) => {
          const tails = Uint8Array.from({ length: tail_bytes * count }, (_, i) => (i * i + (i >> 3)) & 255);
          const expected = chunks(tails, tail_bytes).map((tail) => hex(twice(Buffer.concat([prefix, tail]))));
          expect(chunks(sha256dTails(prefix, tails, tail_bytes), 32).map(hex)).toEqual(expected);
        },
      ),
      { numRuns: 60 },
    );
  });

  test("fill the hole of a message, wherever it is", (context) => {
    if (lacking.length > 0) return context.skip(`this CPU has no ${lacking.join(", ")}`);
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        fc.integer({ min: 1, max: 70 }),
        fc.integer({ min: 1, max: 60 }),
        fc.uint8Array({ maxLength: 300 }),
        (prefix, hole_bytes, count, suffix) => {
          const holes = Uint8Array.from({ length: hole_bytes * count }, (_, i) => (i * i + (i >> 3)) & 255);
          const expected = chunks(holes, hole_bytes).map((hole) => hex(twice(Buffer.concat([prefix, hole, suffix]))));
          expect(chunks(sha256dHoles(prefix, holes, hole_bytes, suffix), 32).map(hex)).toEqual(expected);
        },
      ),
      { numRuns: 60 },
    );
  });
});

test("a batch whose length is no whole number of messages is refused", () => {
  expect(() => sha256dMany80(new Uint8Array(81))).toThrow("length must be a multiple of 80");
  expect(() => merkleClimbMany(new Uint8Array(32), new Uint8Array(31))).toThrow("length must be a multiple of 32");
  expect(() => sha256dMany80("header" as unknown as Uint8Array)).toThrow("must be a Uint8Array");
});
