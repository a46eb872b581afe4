/**
 * Time-based one-time codes: RFC 6238 over HMAC-SHA-1 with six digits and steps of 30 s, which is what every authenticator app
 * knows. Pure: the time is given.
 */
import { createHmac, timingSafeEqual } from "node:crypto";

export const STEP_S = 30;
const DIGITS = 6;
/** RFC 4226 recommends 160 bits. */
export const SECRET_BYTES = 20;
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** RFC 4648, without padding. */
export function base32(bytes: Uint8Array): string {
  let text = "";
  let bits = 0;
  let value = 0;
  for (const byte of bytes) {
    value = ((value << 8) | byte) & 0xfff;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += ALPHABET[(value >> bits) & 31];
    }
  }
  return bits === 0 ? text : text + ALPHABET[(value << (5 - bits)) & 31];
}

export function stepAt(now_ms: number): number {
  return Math.floor(now_ms / 1000 / STEP_S);
}

/** The code of one step: RFC 4226, section 5.3. */
export function codeOf(secret: Uint8Array, step: number): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const mac = createHmac("sha1", secret).update(counter).digest();
  const offset = (mac.at(-1) ?? 0) & 15;
  return String((mac.readUInt32BE(offset) & 0x7fffffff) % 10 ** DIGITS).padStart(DIGITS, "0");
}

/** The step that a code belongs to, among the current one and its neighbours (clocks differ); null for none. */
export function stepOf(secret: Uint8Array, code: string, now_ms: number): number | null {
  if (!/^\d{6}$/.test(code)) return null;
  const given = Buffer.from(code);
  const now = stepAt(now_ms);
  let found: number | null = null;
  // All three are compared, whichever fits.
  for (const step of [now - 1, now, now + 1]) {
    if (step >= 0 && timingSafeEqual(given, Buffer.from(codeOf(secret, step)))) found = step;
  }
  return found;
}

/** What an authenticator app reads from the QR code. */
export function otpauthUri(secret: Uint8Array, issuer: string, account: string): string {
  const label = `${encodeURIComponent(issuer)}:${encodeURIComponent(account)}`;
  return `otpauth://totp/${label}?secret=${base32(secret)}&issuer=${encodeURIComponent(issuer)}&algorithm=SHA1&digits=${DIGITS}&period=${STEP_S}`;
}
