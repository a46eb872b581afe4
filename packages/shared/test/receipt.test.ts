import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { workHashes } from "../src/bitcoin/index.ts";
import {
  chainStart,
  checkInclusion,
  emptyTally,
  type Inclusion,
  leafNode,
  NO_PREVIOUS,
  packNodes,
  packShare,
  proofOf,
  RECEIPT_SHARE_BYTES,
  ReceiptError,
  type ReceiptHead,
  type ReceiptLeaf,
  type ReceiptShare,
  receiptDigest,
  rootOf,
  ShareCheck,
  storedProof,
  subtreesOf,
  tallyShares,
  unpackNodes,
  unpackShare,
} from "../src/receipt/index.ts";

const share = (i: number, difficulty = 1024): ReceiptShare => ({
  at_ms: 1_790_000_000_000 + i,
  worker_id: 7,
  job_number: 3,
  difficulty,
  share_difficulty: difficulty * 1.5,
  sequence: BigInt(i),
});
function pack(...shares: ReceiptShare[]): Uint8Array {
  const bytes = new Uint8Array(shares.length * RECEIPT_SHARE_BYTES);
  for (const [i, one] of shares.entries()) packShare(one, bytes, i * RECEIPT_SHARE_BYTES);
  return bytes;
}
function leafOf(address: string, packed: Uint8Array, solo = false): ReceiptLeaf {
  return { address, solo, ...tallyShares(emptyTally(address, solo), packed) };
}
const numbered = (count: number) =>
  Array.from({ length: count }, (_, i) => leafOf(`address${String(i).padStart(6, "0")}`, pack(share(i)), i % 7 === 3));
function headOf(leaves: ReceiptLeaf[]): ReceiptHead {
  return {
    block_hash: "ab".repeat(32),
    instance_id: "pool-a",
    previous_digest: NO_PREVIOUS,
    first_sequence: 1n,
    last_sequence: 9n,
    leaves: leaves.length,
    root: rootOf(leaves.map(leafNode)),
  };
}
const proven = (leaves: ReceiptLeaf[], index: number): Inclusion => ({
  index,
  leaf: leaves[index] as ReceiptLeaf,
  siblings: proofOf(leaves.map(leafNode), index),
});

describe("the bytes, as docs/architecture/receipts.md has them", () => {
  const sha256 = (...parts: (Buffer | Uint8Array)[]) => createHash("sha256").update(Buffer.concat(parts)).digest();
  const tag = (kind: number) => Buffer.from([...Buffer.from("OTDRCP1"), kind]);
  const uint = (value: bigint, bytes: number) => Buffer.from(value.toString(16).padStart(bytes * 2, "0"), "hex");

  test("a receipt of two accounts, written out", () => {
    const text = (address: string) => Buffer.from([address.length, ...Buffer.from(address)]);
    const one = pack(share(1), share(2, 0.5));
    const start = sha256(tag(0), Buffer.from([0]), text("aa"));
    const first = sha256(tag(1), start, one.subarray(0, 40));
    const chain = sha256(tag(1), first, one.subarray(40));
    const work = 1024n * 2n ** 32n + 2n ** 31n;
    const leaf_a = sha256(tag(2), Buffer.from([0]), text("aa"), uint(2n, 8), uint(work, 32), chain);
    const chain_b = sha256(tag(1), sha256(tag(0), Buffer.from([1]), text("b")), pack(share(3, 2)));
    const leaf_b = sha256(tag(2), Buffer.from([1]), text("b"), uint(1n, 8), uint(2n ** 33n, 32), chain_b);
    const node_a = [leaf_a, uint(2n, 8), uint(work, 32), uint(0n, 32)];
    const node_b = [leaf_b, uint(1n, 8), uint(0n, 32), uint(2n ** 33n, 32)];
    const root = sha256(tag(3), ...node_a, ...node_b);

    const leaves = [leafOf("aa", one), leafOf("b", pack(share(3, 2)), true)];
    const head = headOf(leaves);
    expect(Buffer.from(head.root.hash)).toEqual(root);
    expect(head.root).toMatchObject({ shares: 3n, pooled_hashes: work, solo_hashes: 2n ** 33n });
    expect(receiptDigest(head)).toBe(
      sha256(
        tag(4),
        Buffer.alloc(32, 0xab),
        text("pool-a"),
        Buffer.alloc(32),
        uint(1n, 8),
        uint(9n, 8),
        uint(2n, 4),
        root,
        uint(3n, 8),
        uint(work, 32),
        uint(2n ** 33n, 32),
      ).toString("hex"),
    );
  });

  test("a share is 40 bytes and comes back as it went", () => {
    fc.assert(
      fc.property(
        fc.record({
          at_ms: fc.nat(2 ** 44),
          worker_id: fc.nat(2 ** 32 - 1),
          job_number: fc.nat(2 ** 32 - 1),
          difficulty: fc.double({ min: 1e-6, max: 1e15, noNaN: true }),
          share_difficulty: fc.double({ min: 0, noNaN: true }),
          sequence: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
        }),
        (one) => {
          expect(unpackShare(pack(one), 0)).toEqual(one);
        },
      ),
    );
  });
});

describe("inclusion", () => {
  test("every leaf of a tree of any size has a proof, the kept nodes give the same, and the sums are everybody's", () => {
    const all = numbered(600);
    for (const count of [1, 2, 3, 4, 5, 255, 256, 257, 511, 512, 513, 600]) {
      const leaves = all.slice(0, count);
      const head = headOf(leaves);
      const digest = receiptDigest(head);
      expect(head.root.shares).toBe(BigInt(count));
      expect(head.root.pooled_hashes + head.root.solo_hashes).toBe(leaves.reduce((sum, leaf) => sum + leaf.work_hashes, 0n));
      const subtrees = unpackNodes(packNodes(subtreesOf(leaves)));
      expect(rootOf(subtrees)).toEqual(head.root);
      for (const index of new Set([0, 1, count >> 1, count - 2, count - 1].filter((i) => i >= 0 && i < count))) {
        const inclusion = proven(leaves, index);
        checkInclusion(head, digest, inclusion);
        const part = leaves.slice(index - (index % 256), index - (index % 256) + 256);
        expect(storedProof(part, index, subtrees)).toEqual(inclusion.siblings);
      }
    }
  });

  const leaves = numbered(9);
  const head = headOf(leaves);
  const digest = receiptDigest(head);

  test.each<[string, (inclusion: Inclusion) => { head?: ReceiptHead; digest?: string; inclusion?: Inclusion }]>([
    ["a swapped leaf", (i) => ({ inclusion: { ...i, leaf: leaves[5] as ReceiptLeaf } })],
    ["another place", (i) => ({ inclusion: { ...i, index: 3 } })],
    ["a place outside", (i) => ({ inclusion: { ...i, index: 9 } })],
    ["a wrong sibling", (i) => ({ inclusion: { ...i, siblings: [leafNode(leaves[6] as ReceiptLeaf), ...i.siblings.slice(1)] } })],
    ["a sibling less", (i) => ({ inclusion: { ...i, siblings: i.siblings.slice(1) } })],
    ["a sibling more", (i) => ({ inclusion: { ...i, siblings: [...i.siblings, head.root] } })],
    ["a leaf with more work", (i) => ({ inclusion: { ...i, leaf: { ...i.leaf, work_hashes: i.leaf.work_hashes + 1n } } })],
    ["a leaf with fewer shares", (i) => ({ inclusion: { ...i, leaf: { ...i.leaf, shares: 0n } } })],
    ["a leaf of the other kind", (i) => ({ inclusion: { ...i, leaf: { ...i.leaf, solo: true } } })],
    ["another's address", (i) => ({ inclusion: { ...i, leaf: { ...i.leaf, address: "addressX" } } })],
    [
      "a sibling that hides work",
      (i) => ({
        inclusion: { ...i, siblings: i.siblings.map((s, k) => (k === 2 ? { ...s, pooled_hashes: s.pooled_hashes - 1n } : s)) },
      }),
    ],
    ["a greater total", () => ({ head: { ...head, root: { ...head.root, pooled_hashes: head.root.pooled_hashes + 1n } } })],
    ["another block", () => ({ head: { ...head, block_hash: "cd".repeat(32) } })],
    ["another instance", () => ({ head: { ...head, instance_id: "pool-b" } })],
    ["another receipt before it", () => ({ head: { ...head, previous_digest: "11".repeat(32) } })],
    ["another stretch of the log", () => ({ head: { ...head, last_sequence: 10n } })],
    ["another digest", () => ({ digest: "00".repeat(32) })],
    ["a hash that is none", () => ({ head: { ...head, block_hash: "xyz" } })],
  ])("%s is refused", (_name, change) => {
    const inclusion = proven(leaves, 2);
    checkInclusion(head, digest, inclusion);
    const changed = { head, digest, inclusion, ...change(inclusion) };
    expect(() => checkInclusion(changed.head, changed.digest, changed.inclusion)).toThrow(ReceiptError);
  });

  test("a node cannot be shown as a leaf, nor sums beyond their bounds", () => {
    const inner = rootOf(leaves.slice(0, 2).map(leafNode));
    expect(() => leafNode({ address: "a", solo: false, shares: 1n, work_hashes: -1n, chain: inner.hash })).toThrow(ReceiptError);
    expect(() => leafNode({ address: "", solo: false, shares: 1n, work_hashes: 1n, chain: inner.hash })).toThrow(ReceiptError);
    expect(() => leafNode({ address: "a", solo: false, shares: 2n ** 64n, work_hashes: 1n, chain: inner.hash })).toThrow();
    const most = leafNode({ address: "a", solo: false, shares: 1n, work_hashes: 2n ** 256n - 1n, chain: inner.hash });
    expect(() => rootOf([most, most])).toThrow(ReceiptError);
    expect(() => rootOf([])).toThrow(ReceiptError);
  });

  test("whatever is sent in the place of a proof is refused in words, never accepted", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            hash: fc.uint8Array({ minLength: 0, maxLength: 40 }),
            shares: fc.bigInt({ min: -5n, max: 2n ** 65n }),
            pooled_hashes: fc.bigInt({ min: -5n, max: 2n ** 257n }),
            solo_hashes: fc.bigInt({ min: -5n, max: 2n ** 257n }),
          }),
          { maxLength: 6 },
        ),
        fc.integer({ min: -2, max: 12 }),
        (siblings, index) => {
          const leaf = leaves[2] as ReceiptLeaf;
          expect(() => checkInclusion(head, digest, { index, leaf, siblings })).toThrow(ReceiptError);
        },
      ),
    );
  });
});

describe("an account's own shares", () => {
  const shares = Array.from({ length: 50 }, (_, i) => share(i, [0.25, 1024, 3.5][i % 3]));
  const leaf = leafOf("a", pack(...shares));

  test("match however they are cut into pieces, and their work is that of their difficulties", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(50), { maxLength: 6 }), (cuts) => {
        const check = new ShareCheck(leaf);
        const edges = [0, ...cuts.sort((a, b) => a - b), 50];
        for (let i = 1; i < edges.length; i++) check.add(pack(...shares.slice(edges[i - 1], edges[i])));
        check.finish();
      }),
    );
    expect(leaf.work_hashes).toBe(shares.reduce((sum, one) => sum + workHashes(one.difficulty), 0n));
  });

  test.each<[string, (all: ReceiptShare[]) => ReceiptShare[]]>([
    ["one less", (all) => all.slice(1)],
    ["one twice", (all) => [...all, all[0] as ReceiptShare]],
    ["two that changed places", (all) => [all[1] as ReceiptShare, all[0] as ReceiptShare, ...all.slice(2)]],
    ["one with another difficulty", (all) => all.map((one, i) => (i === 9 ? { ...one, difficulty: 512 } : one))],
    ["one with another time", (all) => all.map((one, i) => (i === 9 ? { ...one, at_ms: one.at_ms + 1 } : one))],
    ["one of another worker", (all) => all.map((one, i) => (i === 9 ? { ...one, worker_id: 8 } : one))],
  ])("%s does not match", (_name, change) => {
    const check = new ShareCheck(leaf);
    check.add(pack(...change(shares)));
    expect(() => check.finish()).toThrow(ReceiptError);
  });

  test("bytes that are no shares are refused", () => {
    const check = new ShareCheck(leaf);
    expect(() => check.add(new Uint8Array(41))).toThrow(ReceiptError);
    expect(() => check.add(new Uint8Array(40))).toThrow(/difficulty/);
    expect(() => check.add(pack(share(1, Number.NaN)))).toThrow(/difficulty/);
  });

  test("two accounts with the same shares do not share a digest", () => {
    expect(chainStart("a", false)).not.toEqual(chainStart("b", false));
    expect(chainStart("a", false)).not.toEqual(chainStart("a", true));
  });
});
