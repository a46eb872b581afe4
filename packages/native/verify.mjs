/**
 * Known-answer check of a freshly linked addon, on every path that this CPU can walk: `node verify.mjs ADDON`.
 * Exits 1 naming the first vector that differs.
 */
import { readFileSync } from "node:fs";

const [addon_path] = process.argv.slice(2);
const addon = { exports: {} };
process.dlopen(addon, addon_path);
const native = addon.exports;

const vectors = JSON.parse(readFileSync(new URL("./vectors/sha256d.json", import.meta.url), "utf8"));
const hex = (bytes) => Buffer.from(bytes).toString("hex");
let checked = 0;

function expectEqual(got, want, name, path) {
  checked += 1;
  if (got === want) return;
  console.error(`known-answer vector "${name}" differs on the ${path} path: got ${got}, expected ${want}`);
  process.exit(1);
}

/** Feature bits of src/sha256/cpu_features.h, each path alone. */
const PATHS = { portable: 0, sse41: 1, avx2: 2 | 1, avx512: 4 | 2 | 1, sha_ni: 8 | 1, all: 0xffffffff };
const supported = native.cpuFeatureBits();
const walked = Object.entries(PATHS).filter(([name, mask]) => name === "all" || (mask & supported) === mask);

for (const { name, input, expected } of vectors.message_vectors) {
  const message = Buffer.from(input.message_hex, "hex");
  expectEqual(hex(native.sha256(message)), expected.sha256_hex, name, "portable");
  expectEqual(hex(native.sha256d(message)), expected.sha256d_hex, name, "portable");
}
for (const [path, mask] of walked) {
  native.setFeatureMask(mask);
  const headers = vectors.block_headers.map((vector) => Buffer.from(vector.input.header_hex, "hex"));
  const many = Buffer.concat(Array.from({ length: 5 }, () => headers).flat());
  const digests = Buffer.from(native.sha256dMany80(many));
  for (let i = 0; i < many.length / 80; i++) {
    const { name, expected } = vectors.block_headers[i % headers.length];
    expectEqual(hex(digests.subarray(32 * i, 32 * i + 32)), expected.sha256d_raw_hex, name, path);
  }
}
native.setFeatureMask(0xffffffff);

for (const kernel of native.kernels().filter((candidate) => candidate.supported)) {
  for (const { name, header_hex, start_nonce, count, bits, expected_hits } of vectors.search_vectors) {
    const first = start_nonce - (start_nonce % 16);
    const hits = native.scanNonces({
      kernel: kernel.name,
      headers: Buffer.from(header_hex, "hex"),
      first,
      count: Math.ceil((start_nonce + count - first) / 16) * 16,
      bound: 0,
    });
    const found = hits.map((hit) => hit.nonce).filter((nonce) => nonce >= start_nonce && nonce < start_nonce + count);
    expectEqual(
      JSON.stringify(found),
      JSON.stringify(expected_hits.map((hit) => hit.nonce ?? hit)),
      `${name} (${bits ?? ""})`,
      kernel.name,
    );
  }
}
console.log(`${checked} known answers right on ${walked.map(([path]) => path).join(", ")}`);
