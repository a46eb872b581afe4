/** The agent's own Ed25519 key: made once, kept in `data_dir/identity.pem` (0600), and never shown but as signatures. */
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { join } from "node:path";
import { readIfThere, writeAtomically } from "../files/atomic_file.ts";
import { keptAgentId } from "./agent_id.ts";

export interface Identity {
  agent_id: string;
  /** Raw, base64. */
  public_key: string;
  /** SHA-256 of the raw key, base64: what a person compares. */
  fingerprint: string;
  /** Base64. */
  sign(statement: Uint8Array): string;
}

/** The kept identity, or a new one. Throws a sentence when the file holds something else: a damaged key is a new rig, and a person decides that. */
export function keptIdentity(data_dir: string): Identity {
  const agent_id = keptAgentId(data_dir);
  const path = join(data_dir, "identity.pem");
  const kept = readIfThere(path);
  if (kept !== null) return identityOf(agent_id, keyIn(path, kept));
  const { privateKey } = generateKeyPairSync("ed25519");
  writeAtomically(path, privateKey.export({ type: "pkcs8", format: "pem" }));
  return identityOf(agent_id, privateKey);
}

/** For those who only look: null where none was made. */
export function existingIdentity(data_dir: string): Identity | null {
  const path = join(data_dir, "identity.pem");
  const kept = readIfThere(path);
  return kept === null ? null : identityOf(keptAgentId(data_dir), keyIn(path, kept));
}

function keyIn(path: string, pem: Buffer): KeyObject {
  const sentence = `${path} holds no Ed25519 key: put the right file back, or remove it and enrol this rig as a new one`;
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch {
    throw new Error(sentence);
  }
  if (key.asymmetricKeyType !== "ed25519") throw new Error(sentence);
  return key;
}

function identityOf(agent_id: string, key: KeyObject): Identity {
  const raw = Buffer.from(createPublicKey(key).export({ format: "jwk" }).x ?? "", "base64url");
  return {
    agent_id,
    public_key: raw.toString("base64"),
    fingerprint: fingerprintOf(raw),
    sign: (statement) => sign(null, statement, key).toString("base64"),
  };
}

export const fingerprintOf = (raw_key: Uint8Array): string => createHash("sha256").update(raw_key).digest("base64");
