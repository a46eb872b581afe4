import { createPublicKey, generateKeyPairSync, verify } from "node:crypto";
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { signedStatement } from "@otedama/shared";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openControlKey } from "../src/server/keys/control_key.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "otedama-key-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("the key is made once, kept for its owner alone, and signs for one purpose", () => {
  const key = openControlKey(folder);
  expect(openControlKey(folder).public_key).toBe(key.public_key);
  expect(readdirSync(join(folder, "keys"))).toEqual(["control.pem"]);
  expect(statSync(join(folder, "keys/control.pem")).mode & 0o777).toBe(0o600);

  const { payload, signature } = key.sign("command", { number: 1 });
  const x = Buffer.from(key.public_key, "base64").toString("base64url");
  const pinned = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
  const good = (kind: "command" | "release") =>
    verify(null, signedStatement(kind, payload), pinned, Buffer.from(signature, "base64"));
  expect([good("command"), good("release")]).toEqual([true, false]);
});

test("what is no such key is refused in a sentence, and never replaced", () => {
  const path = join(folder, "keys/control.pem");
  openControlKey(folder);
  writeFileSync(path, generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ type: "pkcs8", format: "pem" }));
  expect(() => openControlKey(folder)).toThrow(/control\.pem cannot be used: it is a key of type ec, not ed25519/);
  writeFileSync(path, "");
  expect(() => openControlKey(folder)).toThrow(/cannot be used/);
});
