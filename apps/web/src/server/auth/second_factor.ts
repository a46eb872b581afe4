/** The second factor of a person: set up with a device, asked for at sign-in, with backup codes for the day the device is lost. */
import { createHash, randomBytes } from "node:crypto";
import {
  type Actor,
  confirmSecondFactor,
  countWrongCode,
  getSecondFactor,
  offerSecondFactor,
  removeSecondFactor,
  replaceBackupCodes,
  spendBackupCode,
  spendStep,
  type WebDatabase,
} from "@otedama/db/web";
import type { SecondFactorOfferDto } from "@otedama/shared";
import { encodeQr, qrPath } from "../qr/qr.ts";
import type { Sealer } from "./seal.ts";
import { base32, otpauthUri, SECRET_BYTES, stepOf } from "./totp.ts";

const PURPOSE = "second factor";
const BACKUP_CODES = 10;
/** 80 bits each: no dictionary reaches a plain SHA-256 of that. */
const BACKUP_CODE_BYTES = 10;

export type CodeVerdict = "good" | "wrong" | "locked";

export interface SecondFactorsDependencies {
  database: WebDatabase;
  sealer: Sealer;
  now: () => number;
}

export class SecondFactors {
  readonly #issuer: string;
  readonly #dependencies: SecondFactorsDependencies;

  constructor(options: { issuer: string }, dependencies: SecondFactorsDependencies) {
    this.#issuer = options.issuer;
    this.#dependencies = dependencies;
  }

  /** A new secret, for the person's device; null when there is a confirmed one already. */
  async offer(person: { id: string; email: string }): Promise<SecondFactorOfferDto | null> {
    const { database, sealer } = this.#dependencies;
    const secret = randomBytes(SECRET_BYTES);
    const sealed = sealer.seal(PURPOSE, person.id, secret.toString("base64url"));
    if (!(await offerSecondFactor(database.sql, person.id, sealed))) return null;
    const uri = otpauthUri(secret, this.#issuer, person.email);
    return { secret: base32(secret), uri, qr: qrPath(encodeQr(uri)) };
  }

  /** Turns it on with the first code of the device. Answers the backup codes, this one time. */
  async confirm(
    actor: Actor,
    code: string,
    keep_session_id: string | null,
  ): Promise<{ codes: string[] } | { refused: "wrong" | "nothing_offered" }> {
    const { database, sealer, now } = this.#dependencies;
    const row = await getSecondFactor(database.sql, actor.id);
    if (row === null || row.confirmed) return { refused: "nothing_offered" };
    const step = stepOf(this.#secretOf(sealer, actor.id, row.secret_sealed), bare(code), now());
    if (step === null) return { refused: "wrong" };
    const codes = newBackupCodes();
    const done = await confirmSecondFactor(database.prisma, actor, {
      user_id: actor.id,
      secret_sealed: row.secret_sealed,
      step,
      code_hashes: codes.map((one) => backupCodeHash(actor.id, one)),
      keep_session_id,
    });
    return done ? { codes } : { refused: "nothing_offered" };
  }

  /** Judges a code of the device or a backup code, and uses it up: the same one is never good twice. */
  async spend(actor: Actor, code: string): Promise<CodeVerdict> {
    const { database, sealer, now } = this.#dependencies;
    const row = await getSecondFactor(database.sql, actor.id);
    if (row === null || !row.confirmed) return "wrong";
    if (row.locked) return "locked";
    const text = bare(code);
    if (/^\d+$/.test(text)) {
      const step = stepOf(this.#secretOf(sealer, actor.id, row.secret_sealed), text, now());
      if (step !== null && (await spendStep(database.sql, actor.id, step))) return "good";
    } else if (await spendBackupCode(database.prisma, actor, actor.id, backupCodeHash(actor.id, text))) {
      return "good";
    }
    return (await countWrongCode(database.prisma, actor, actor.id)) ? "locked" : "wrong";
  }

  async newBackupCodes(actor: Actor): Promise<string[]> {
    const codes = newBackupCodes();
    await replaceBackupCodes(
      this.#dependencies.database.prisma,
      actor,
      actor.id,
      codes.map((one) => backupCodeHash(actor.id, one)),
    );
    return codes;
  }

  async remove(actor: Actor): Promise<void> {
    await removeSecondFactor(this.#dependencies.database.prisma, actor, actor.id);
  }

  #secretOf(sealer: Sealer, user_id: string, sealed: string): Buffer {
    return Buffer.from(sealer.open(PURPOSE, user_id, sealed), "base64url");
  }
}

/** As people type them: with spaces or dashes, in either case. */
function bare(code: string): string {
  return code.replaceAll(/[\s-]/g, "").toUpperCase();
}

function newBackupCodes(): string[] {
  return Array.from({ length: BACKUP_CODES }, () =>
    (base32(randomBytes(BACKUP_CODE_BYTES)).match(/.{4}/g) ?? []).join("-").toLowerCase(),
  );
}

function backupCodeHash(user_id: string, code: string): string {
  return createHash("sha256")
    .update(`${user_id}:${bare(code)}`, "utf8")
    .digest("hex");
}
