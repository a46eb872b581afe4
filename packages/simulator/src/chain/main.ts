// The development chain as a process of its own: `node main.ts --settings FILE`.
import { readFileSync } from "node:fs";
import { ChainSettings } from "./settings.ts";

const file = process.argv[process.argv.indexOf("--settings") + 1];
const parsed = ChainSettings.safeParse(file ? JSON.parse(readFileSync(file, "utf8")) : null);
if (!parsed.success) {
  const [issue] = parsed.error.issues;
  process.stderr.write(`chain settings: ${issue?.path.join(".") || "--settings FILE"}: ${issue?.message}\n`);
  process.exit(2);
}
const settings = parsed.data;

// bcoin reads this when it is loaded: its JavaScript cryptography needs no compiler.
process.env.NODE_BACKEND = "js";
process.noDeprecation = true;
const { openChain } = await import("./open_chain.ts");
const { Spender } = await import("./spender.ts");

const { node, ring } = await openChain(settings).catch((error: NodeJS.ErrnoException) => {
  process.stderr.write(`${explain(error)}\n`);
  process.exit(1);
});
const spender = new Spender({ mean_ms: (settings.block_interval_s * 1000) / 4 }, { node, ring });
if (settings.transactions) spender.start();

let stopping = false;
async function stop(): Promise<void> {
  if (stopping) return;
  stopping = true;
  spender.stop();
  // A long poll keeps its connection open; the database is what has to be closed.
  const deadline = setTimeout(() => process.exit(0), 2_000);
  await node.close();
  clearTimeout(deadline);
  process.exit(0);
}
process.on("SIGTERM", () => void stop());
process.on("SIGINT", () => void stop());
process.on("disconnect", () => void stop());
node.on("error", (error: Error) =>
  process.stderr.write(`${JSON.stringify({ level: "error", app: "chain", msg: error.message })}\n`),
);

process.stdout.write(
  `${JSON.stringify({ ready: true, app: "chain", rpc: { host: "127.0.0.1", port: node.http.address().port }, height: node.chain.height })}\n`,
);

function explain(error: NodeJS.ErrnoException): string {
  if (error.code === "EADDRINUSE")
    return `The development chain cannot listen on 127.0.0.1:${settings.port}, which another program uses`;
  if (error.code === "ENOSPC" || /No space left/.test(error.message))
    return "The disk is full: the development chain cannot write its blocks";
  if (/LOCK: Resource temporarily unavailable/.test(error.message))
    return `Another process has the development chain in ${settings.dir} open`;
  return `The development chain did not start: ${error.message}`;
}
