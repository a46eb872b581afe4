import { createPublicKey, verify } from "node:crypto";
import { type ReleaseFile, ReleaseManifest, SignedMessage, signedStatement } from "@otedama/shared/agent";

/** What the control plane signed as the release `number`. Throws a sentence for anything else; `key` is the pinned one, raw in base64. */
export function openManifest(body: unknown, key: string, number: number): ReleaseManifest {
  const signed = SignedMessage.safeParse(body);
  if (!signed.success) throw new Error("what the control plane sent as the release's manifest is no signed message");
  const { payload, signature } = signed.data;
  const x = Buffer.from(key, "base64").toString("base64url");
  const public_key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
  if (!verify(null, signedStatement("release", payload), public_key, Buffer.from(signature, "base64"))) {
    throw new Error("the release's manifest is not signed by the control key that this agent pinned when it enrolled");
  }
  const manifest = ReleaseManifest.parse(JSON.parse(payload));
  if (manifest.number !== number) throw new Error(`the signed manifest is that of release ${manifest.number}, not of ${number}`);
  return manifest;
}

/** The file for this platform; throws a sentence when the release has none. */
export function fileFor(manifest: ReleaseManifest, platform: string): ReleaseFile {
  const file = manifest.files.find((candidate) => candidate.platform === platform);
  if (file) return file;
  throw new Error(
    `release ${manifest.number} has no file for ${platform}, only for ${manifest.files.map((one) => one.platform).join(", ")}`,
  );
}
