/** The reference signer as a process of its own: `node main.ts --settings FILE`. Composition only. */
import { readFileSync } from "node:fs";
import { SignerSettings } from "@otedama/shared";
import { pino } from "pino";
import { z } from "zod";
import { DayCounter } from "./counter.ts";
import { SignerServer } from "./http_server.ts";
import { openKeyStore } from "./key_store.ts";
import { ReferenceSigner } from "./signer.ts";

function readSettings(): SignerSettings {
  const at = process.argv.indexOf("--settings");
  const path = at > 0 ? process.argv[at + 1] : undefined;
  if (!path) refuse("Usage: node apps/signer/src/main.ts --settings FILE");
  try {
    const parsed = SignerSettings.safeParse(JSON.parse(readFileSync(path, "utf8")));
    if (parsed.success) return parsed.data;
    return refuse(`${path} is not usable: ${z.prettifyError(parsed.error).replaceAll(/\s+/g, " ")}`);
  } catch (error) {
    return refuse(`${path} cannot be read: ${(error as Error).message}`);
  }
}

function refuse(sentence: string): never {
  process.stderr.write(`${sentence}\n`);
  process.exit(2);
}

const settings = readSettings();
const log = pino({ level: settings.log_level, base: { app: "signer" } });

async function start() {
  const { network, limits } = settings;
  const key = openKeyStore({ file: settings.key_file, network, passphrase: settings.passphrase });
  const counter = new DayCounter({ dir: settings.data_dir }, { now_ms: () => Date.now() });
  const signer = new ReferenceSigner({ network, limits }, { key, counter });
  const server = new SignerServer(settings, { signer, address: key.address, log });
  return { server, url: await server.start(), address: key.address };
}

const { server, url, address } = await start().catch((error: Error) => refuse(error.message));

let stopping = false;
async function stop(): Promise<void> {
  if (stopping) return;
  stopping = true;
  await server.stop();
  process.exit(0);
}
process.on("SIGTERM", stop);
process.on("SIGINT", stop);
process.on("disconnect", stop);

process.stdout.write(`${JSON.stringify({ ready: true, app: "signer", url, address })}\n`);
