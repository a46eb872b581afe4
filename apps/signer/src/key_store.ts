/**
 * The signer's one private key, in a file that only its owner can read: as WIF, or encrypted by a passphrase (scrypt, AES-256-GCM). Made
 * at the first start. Nothing but this program opens the file.
 */
import { createCipheriv, createDecipheriv, createECDH, randomBytes, scryptSync } from "node:crypto";
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, statSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { NETWORK_PARAMETERS, type Network } from "@otedama/shared";
import { p2wpkh, utils, WIF } from "@scure/btc-signer";
import { z } from "zod";

/** A key store that cannot be used; the message is the sentence that people read. */
export class KeyStoreError extends Error {}

export interface SigningKey {
  private_key: Uint8Array;
  pubkey: Uint8Array;
  /** P2WPKH: where the pool's coinbases and change pay. */
  address: string;
  script: Uint8Array;
}

const hex = (bytes: number) => z.string().regex(new RegExp(`^[0-9a-f]{${bytes * 2}}$`));
const Encrypted = z.strictObject({
  version: z.literal(1),
  salt: hex(16),
  nonce: hex(12),
  tag: hex(16),
  ciphertext: z.string().regex(/^([0-9a-f]{2}){1,200}$/),
});

/** About a quarter of a second and 64 MB a guess. */
const SCRYPT = { N: 2 ** 16, r: 8, p: 1, maxmem: 128 * 1024 * 1024 };

export interface KeyStoreOptions {
  file: string;
  network: Network;
  /** Null: the file holds the key as it is. */
  passphrase: string | null;
}

/** Throws a KeyStoreError. */
export function openKeyStore(options: KeyStoreOptions): SigningKey {
  const { file, network } = options;
  if (!existsSync(file)) makeKey(options);
  const mode = statSync(file).mode & 0o077;
  if (mode !== 0) throw new KeyStoreError(`The key file ${file} can be read by others than its owner: chmod 600 it.`);
  const text = readFileSync(file, "utf8").trim();
  const wif = text.startsWith("{") ? decrypt(text, options) : text;
  let private_key: Uint8Array;
  try {
    private_key = WIF(NETWORK_PARAMETERS[network]).decode(wif);
  } catch {
    throw new KeyStoreError(`The key file ${file} holds no private key (WIF) of the network ${network}.`);
  }
  return signingKey(private_key, network);
}

export function signingKey(private_key: Uint8Array, network: Network): SigningKey {
  const pair = createECDH("secp256k1");
  pair.setPrivateKey(Buffer.from(private_key));
  const pubkey = new Uint8Array(pair.getPublicKey(null, "compressed"));
  const { address, script } = p2wpkh(pubkey, NETWORK_PARAMETERS[network]);
  if (!address) throw new KeyStoreError("An address could not be derived from the key.");
  return { private_key, pubkey, address, script };
}

function makeKey({ file, network, passphrase }: KeyStoreOptions): void {
  const wif = WIF(NETWORK_PARAMETERS[network]).encode(utils.randomPrivateKeyBytes());
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  // Half a key is never seen, and a key that an address was made of is on disk.
  const handle = openSync(`${file}.new`, "w", 0o600);
  writeSync(handle, `${passphrase === null ? wif : encrypt(wif, passphrase)}\n`);
  fsyncSync(handle);
  closeSync(handle);
  renameSync(`${file}.new`, file);
}

function encrypt(wif: string, passphrase: string): string {
  const salt = randomBytes(16);
  const nonce = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", scryptSync(passphrase, salt, 32, SCRYPT), nonce);
  const ciphertext = Buffer.concat([cipher.update(wif, "utf8"), cipher.final()]);
  const tag = cipher.getAuthTag();
  const fields = { salt, nonce, tag, ciphertext };
  return JSON.stringify({
    version: 1,
    ...Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, value.toString("hex")])),
  });
}

function decrypt(text: string, { file, passphrase }: KeyStoreOptions): string {
  if (passphrase === null) {
    throw new KeyStoreError(`The key file ${file} is encrypted: give its passphrase as OTEDAMA_REFERENCE_SIGNER_PASSPHRASE.`);
  }
  let fields: z.infer<typeof Encrypted>;
  try {
    fields = Encrypted.parse(JSON.parse(text));
  } catch {
    throw new KeyStoreError(`The key file ${file} is damaged: put it back from its backup.`);
  }
  const bytes = (value: string) => Buffer.from(value, "hex");
  const key = scryptSync(passphrase, bytes(fields.salt), 32, SCRYPT);
  const decipher = createDecipheriv("aes-256-gcm", key, bytes(fields.nonce));
  decipher.setAuthTag(bytes(fields.tag));
  try {
    return Buffer.concat([decipher.update(bytes(fields.ciphertext)), decipher.final()]).toString("utf8");
  } catch {
    throw new KeyStoreError(`The passphrase does not open the key file ${file}.`);
  }
}
