/** The signed release that is put on rigs, looked at once more before it leaves: its signature by our own key, its files by their hash. */
import { createHash, createPublicKey, type KeyObject, verify } from "node:crypto";
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { ReleaseManifest, type SignedMessage, signedStatement } from "@otedama/shared";

export interface AgentRelease {
  signed: SignedMessage;
  /** Where a file of it lies on this machine. */
  pathOf(file: { name: string; sha256: string }): string;
}

export interface AgentReleases {
  /** The newest that may go to new rigs; null while there is none. */
  newest(): Promise<AgentRelease | null>;
}

export interface CheckedFile {
  platform: "linux-x64" | "linux-arm64";
  path: string;
  bytes: number;
  sha256: string;
}

export interface SignedRelease {
  number: number;
  version: string;
  signed: SignedMessage;
  /** What the signature is over, and the signature as raw bytes: what a rig's own openssl takes. */
  statement: Buffer;
  signature: Buffer;
  key_pem: string;
  files: ReleaseManifest["files"];
}

export interface CheckedRelease extends Omit<SignedRelease, "files"> {
  files: CheckedFile[];
}

export class BadReleaseError extends Error {}

/** `public_key` is raw, base64. Throws BadReleaseError with a sentence. */
export function readRelease(signed: SignedMessage, public_key: string): SignedRelease {
  const key = ed25519(public_key);
  const statement = Buffer.from(signedStatement("release", signed.payload));
  const signature = Buffer.from(signed.signature, "base64");
  if (!verify(null, statement, key, signature)) {
    throw new BadReleaseError("The stored release is not signed by this control plane's key: it is not sent anywhere.");
  }
  const { number, version, files } = ReleaseManifest.parse(JSON.parse(signed.payload));
  const key_pem = key.export({ type: "spki", format: "pem" }).toString();
  return { number, version, signed, statement, signature, key_pem, files };
}

/** The same with its files read and compared with what was signed. */
export async function checkRelease(release: AgentRelease, public_key: string): Promise<CheckedRelease> {
  const read = readRelease(release.signed, public_key);
  const files: CheckedFile[] = [];
  for (const { platform, name, bytes, sha256 } of read.files) {
    const path = release.pathOf({ name, sha256 });
    if ((await hashOf(path, name)) !== sha256) {
      throw new BadReleaseError(`${name} of release ${read.number} is not what was signed: it is not sent anywhere.`);
    }
    files.push({ platform, path, bytes, sha256 });
  }
  return { ...read, files };
}

function ed25519(public_key: string): KeyObject {
  const x = Buffer.from(public_key, "base64").toString("base64url");
  return createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
}

async function hashOf(path: string, name: string): Promise<string> {
  const hash = createHash("sha256");
  try {
    await pipeline(createReadStream(path), hash);
  } catch (error) {
    throw new BadReleaseError(`${name} cannot be read: ${error instanceof Error ? error.message : error}`);
  }
  return hash.digest("hex");
}
