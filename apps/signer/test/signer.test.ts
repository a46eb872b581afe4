/** The reference signer: what it signs, what it refuses and why, and that its counter outlives it. */
import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { bytesToHex, NETWORK_PARAMETERS, outputScript, type SignerLimits, SignerSettings } from "@otedama/shared";
import { acceptSignedPsbt, buildPsbt, convertPsbt, encodePsbt, readPsbt } from "@otedama/shared/psbt";
import { WIF } from "@scure/btc-signer";
import { afterEach, expect, test } from "vitest";
import { DayCounter } from "../src/counter.ts";
import { KeyStoreError, openKeyStore, signingKey } from "../src/key_store.ts";
import { PolicyRefusal } from "../src/review.ts";
import { ReferenceSigner } from "../src/signer.ts";

const MAIN = join(import.meta.dirname, "../src/main.ts");
const LIMITS: SignerLimits = {
  transaction_sats_max: 100_000,
  day_sats_max: 150_000,
  fee_sats_max: 10_000,
  fee_rate_max: 100,
  outputs_max: 4,
};
const KEY = signingKey(new Uint8Array(32).fill(7), "regtest");
const STRANGER = signingKey(new Uint8Array(32).fill(8), "regtest");
const PAYEE = bytesToHex(outputScript("bcrt1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3qzf4jry", "regtest"));
const OWN = bytesToHex(KEY.script);

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

function folder(): string {
  const dir = mkdtempSync(join(tmpdir(), "otedama-signer-test-"));
  ends.push(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

interface Spec {
  coins?: number[];
  pays?: bigint;
  fee?: bigint;
  script_hex?: string;
  payees?: string[];
  changes?: number;
}

/** Spends coins of 200,000 sats each, told apart by their numbers. */
function psbt({ coins = [1], pays = 50_000n, fee = 1_000n, script_hex = OWN, payees = [PAYEE], changes = 1 }: Spec = {}): string {
  const total = 200_000n * BigInt(coins.length);
  const outputs = payees.map((payee) => ({ script_hex: payee, value_sats: pays / BigInt(payees.length) }));
  const change = total - (pays / BigInt(payees.length)) * BigInt(payees.length) - fee;
  for (let i = 0; i < changes; i++) outputs.push({ script_hex: OWN, value_sats: change / BigInt(changes) });
  return buildPsbt({
    inputs: coins.map((coin) => ({
      txid: coin.toString(16).padStart(64, "0"),
      vout: 0,
      value_sats: 200_000n,
      script_hex,
      descriptor: null,
      previous_hex: null,
    })),
    outputs,
    change: null,
  }).psbt;
}

function makeSigner(options: { limits?: Partial<SignerLimits>; dir?: string; now_ms?: () => number } = {}): ReferenceSigner {
  const counter = new DayCounter({ dir: options.dir ?? folder() }, { now_ms: options.now_ms ?? (() => Date.now()) });
  return new ReferenceSigner({ network: "regtest", limits: { ...LIMITS, ...options.limits } }, { key: KEY, counter });
}

const refusal = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    if (error instanceof PolicyRefusal) return `${error.code}: ${error.message}`;
    throw error;
  }
  return "signed";
};

test("signs what its policy allows, in the version it was asked in", () => {
  const signer = makeSigner();
  for (const version of [0, 2] as const) {
    const given = psbt();
    const came = signer.sign(convertPsbt(given, version)).psbt;
    expect(readPsbt(came).opts.PSBTVersion).toBe(version);
    expect(acceptSignedPsbt(given, came, { network: "regtest", fee_rate_min: 1, fee_rate_max: 50 }).fee_sats).toBe(1_000n);
  }
});

test("refuses with the reason what it does not", () => {
  const signer = makeSigner();
  const cases: [Spec, RegExp][] = [
    [{ pays: 100_001n }, /^transaction_limit: It pays 0\.00100001 BTC, and a transaction may pay 0\.00100000 BTC/],
    [{ fee: 10_001n }, /^fee_limit: Its fee is 10001 sats/],
    [{ script_hex: bytesToHex(STRANGER.script) }, /^foreign_input: Input 1 .* which is not this signer's key/],
    [{ changes: 2 }, /^change: It has 2 outputs of change/],
    [{ payees: Array.from({ length: 4 }, () => PAYEE) }, /^outputs: It has 5 outputs; 1 to 4 are signed/],
    // What is not the signer's own key is no change, whatever the pool calls it.
    [{ payees: [PAYEE, bytesToHex(STRANGER.script)], pays: 190_000n }, /^transaction_limit/],
  ];
  for (const [spec, reason] of cases) expect(refusal(() => signer.sign(psbt(spec)))).toMatch(reason);
  expect(refusal(() => makeSigner({ limits: { fee_rate_max: 1 } }).sign(psbt({ fee: 2_000n })))).toMatch(
    /^fee_limit: .* sat\/vB/,
  );
  const partial = readPsbt(psbt());
  partial.updateInput(0, { sighashType: 0x83 }, true);
  expect(refusal(() => signer.sign(encodePsbt(partial)))).toMatch(/^sighash/);
  expect(() => signer.sign("garbage")).toThrow(/not a PSBT/);
  // Nothing of this was counted.
  expect(refusal(() => signer.sign(psbt({ pays: 100_000n })))).toBe("signed");
});

test("the daily limit counts each payment once, outlives the process and ends after a day", () => {
  const dir = folder();
  let now_ms = 1_750_000_000_000;
  const again = () => makeSigner({ dir, now_ms: () => now_ms });
  expect(refusal(() => again().sign(psbt({ coins: [1], pays: 90_000n })))).toBe("signed");
  // The same one again, and one that takes its place for a higher fee, pay nobody twice.
  expect(refusal(() => again().sign(psbt({ coins: [1], pays: 90_000n })))).toBe("signed");
  expect(refusal(() => again().sign(psbt({ coins: [1, 2], pays: 90_000n, fee: 5_000n })))).toBe("signed");
  expect(refusal(() => again().sign(psbt({ coins: [3], pays: 60_001n })))).toMatch(
    /^day_limit: It pays 0\.00060001 BTC, and with the 0\.00090000 BTC of the last 24 hours that is more than 0\.00150000 BTC/,
  );
  expect(refusal(() => again().sign(psbt({ coins: [3], pays: 60_000n })))).toBe("signed");
  expect(refusal(() => again().sign(psbt({ coins: [4], pays: 1_000n })))).toMatch(/^day_limit/);
  // A clock that goes back gives nothing back.
  now_ms -= 40 * 86_400_000;
  expect(refusal(() => again().sign(psbt({ coins: [4], pays: 1_000n })))).toMatch(/^day_limit/);
  now_ms += 41 * 86_400_000 + 1;
  expect(refusal(() => again().sign(psbt({ coins: [4], pays: 1_000n })))).toBe("signed");
});

test("a line that a crash cut is no signature; a damaged one stops the start", () => {
  const dir = folder();
  const file = join(dir, "signed.jsonl");
  makeSigner({ dir }).sign(psbt({ coins: [1], pays: 90_000n }));
  const whole = readFileSync(file, "utf8");
  writeFileSync(file, `${whole}{"at_ms":1,"unsig`);
  expect(refusal(() => makeSigner({ dir }).sign(psbt({ coins: [3], pays: 60_001n })))).toMatch(/^day_limit/);
  expect(readFileSync(file, "utf8")).toBe(whole);
  writeFileSync(file, `not json\n${whole}`);
  expect(() => makeSigner({ dir })).toThrow(/signed\.jsonl line 1 is damaged/);
});

test("the key file is its owner's alone, and a passphrase encrypts it", () => {
  const dir = folder();
  const plain = { file: join(dir, "plain"), network: "regtest", passphrase: null } as const;
  const { address } = openKeyStore(plain);
  expect(address).toMatch(/^bcrt1q/);
  expect(statSync(plain.file).mode & 0o777).toBe(0o600);
  expect(openKeyStore(plain).address).toBe(address);
  chmodSync(plain.file, 0o644);
  expect(() => openKeyStore(plain)).toThrow(/can be read by others/);
  const locked = { file: join(dir, "locked"), network: "regtest", passphrase: "correct horse" } as const;
  const other = openKeyStore(locked);
  const wif = WIF(NETWORK_PARAMETERS.regtest).encode(other.private_key);
  expect(readFileSync(plain.file, "utf8")).toHaveLength(wif.length + 1);
  expect(readFileSync(locked.file, "utf8")).not.toContain(wif);
  expect(openKeyStore(locked).address).toBe(other.address);
  expect(() => openKeyStore({ ...locked, passphrase: "wrong horse" })).toThrow(KeyStoreError);
  expect(() => openKeyStore({ ...locked, passphrase: null })).toThrow(/is encrypted: give its passphrase/);
  expect(() => openKeyStore({ ...locked, file: plain.file, network: "main" })).toThrow(/can be read by others/);
  chmodSync(plain.file, 0o600);
  expect(() => openKeyStore({ ...plain, network: "main" })).toThrow(/no private key \(WIF\) of the network main/);
});

async function startProcess(dir: string, listen: SignerSettings["listen"]): Promise<{ child: ChildProcess; url: string }> {
  const settings = SignerSettings.parse({
    data_dir: dir,
    log_level: "error",
    network: "regtest",
    listen,
    token: "a-token-for-the-test",
    key_file: join(dir, "key"),
    limits: LIMITS,
  });
  const file = join(dir, "settings.json");
  writeFileSync(file, JSON.stringify(settings), { mode: 0o600 });
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", MAIN, "--settings", file], {
    stdio: ["ignore", "pipe", "inherit", "ipc"],
  });
  ends.push(() => child.kill("SIGKILL"));
  const line = await new Promise<string>((resolve) =>
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).once("line", resolve),
  );
  return { child, url: (JSON.parse(line) as { url: string }).url };
}

function ask(
  url: string,
  options: { method?: string; path?: string; token?: string; body?: string },
): Promise<{ status: number; body: { error?: { code: string; message: string }; address?: string } }> {
  const socketPath = url.startsWith("unix:") ? url.slice(5) : undefined;
  return new Promise((resolve, reject) => {
    const call = request(
      socketPath ? `http://signer${options.path ?? "/sign"}` : `${url}${options.path ?? "/sign"}`,
      {
        method: options.method ?? "POST",
        agent: false,
        ...(socketPath && { socketPath }),
        headers: { authorization: `Bearer ${options.token ?? "a-token-for-the-test"}` },
      },
      (response) => {
        let text = "";
        response.on("data", (chunk) => {
          text += chunk;
        });
        response.on("end", () => resolve({ status: response.statusCode ?? 0, body: JSON.parse(text) }));
      },
    );
    call.on("error", reject);
    call.end(options.body ?? "");
  });
}

test("as a process it answers on a Unix socket and on loopback, to those who have the token", async () => {
  for (const listen of [{ socket: join(folder(), "s.sock") }, { host: "127.0.0.1", port: 0 }]) {
    const { child, url } = await startProcess(folder(), listen);
    const address = await ask(url, { method: "GET", path: "/address" });
    expect(address.body.address).toMatch(/^bcrt1q/);
    if ("socket" in listen) expect(statSync(listen.socket as string).mode & 0o777).toBe(0o600);
    expect((await ask(url, { token: "wrong" })).status).toBe(401);
    expect((await ask(url, { path: "/" })).status).toBe(404);
    expect((await ask(url, { body: "{" })).body.error?.code).toBe("body");
    expect((await ask(url, { body: JSON.stringify({ psbt: "x", more: 1 }) })).status).toBe(400);
    const foreign = await ask(url, { body: JSON.stringify({ psbt: psbt() }) });
    expect([foreign.status, foreign.body.error?.code]).toEqual([422, "foreign_input"]);
    expect((await ask(url, { body: JSON.stringify({ psbt: "x" }) })).body.error?.code).toBe("not_a_psbt");
    const exited = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGTERM");
    expect(await exited).toBe(0);
    if ("socket" in listen) expect(existsSync(listen.socket as string)).toBe(false);
  }
});
