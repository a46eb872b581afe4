/**
 * The control plane's own Ed25519 key: agents pin its public half when they enrol, and take releases, commands and desired state from
 * nobody else. It is made at the first start in `data_dir/keys/control.pem` (0600) and leaves this object only as signatures.
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { closeSync, fsyncSync, linkSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { type SignedMessage, signedStatement } from "@otedama/shared";

export class ControlKey {
  readonly #key: KeyObject;
  /** Raw, base64. */
  readonly public_key: string;

  constructor(key: KeyObject) {
    this.#key = key;
    const { x } = createPublicKey(key).export({ format: "jwk" });
    this.public_key = Buffer.from(x ?? "", "base64url").toString("base64");
  }

  sign(kind: "command" | "desired" | "release", body: object): SignedMessage {
    const payload = JSON.stringify(body);
    return { payload, signature: sign(null, signedStatement(kind, payload), this.#key).toString("base64") };
  }
}

/** Throws a sentence when the key can be neither read nor made. Two processes that start at once on an empty folder agree on one key. */
export function openControlKey(data_dir: string): ControlKey {
  const folder = join(data_dir, "keys");
  const path = join(folder, "control.pem");
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return read(path) ?? make(path);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`The control key in ${path} cannot be used: ${reason}. Without it no agent listens to this control plane.`);
  }
}

function read(path: string): ControlKey | null {
  let pem: string;
  try {
    pem = readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
  const key = createPrivateKey(pem);
  if (key.asymmetricKeyType !== "ed25519") throw new Error(`it is a key of type ${key.asymmetricKeyType}, not ed25519`);
  return new ControlKey(key);
}

function make(path: string): ControlKey {
  const { privateKey } = generateKeyPairSync("ed25519");
  const aside = `${path}.${process.pid}.tmp`;
  const file = openSync(aside, "w", 0o600);
  try {
    writeSync(file, privateKey.export({ type: "pkcs8", format: "pem" }).toString());
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  try {
    linkSync(aside, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    rmSync(aside, { force: true });
  }
  const made = read(path);
  if (made === null) throw new Error("it was made and is gone again");
  return made;
}
