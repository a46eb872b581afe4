/**
 * A part of a crowd, in a process of its own: HOST, port, workers, source addresses, login and password as arguments. Says over IPC when
 * all have a job, and answers each message with the jobs that have come since.
 */
import { connectCrowd } from "../src/load.ts";

const [host, port, workers, source_addresses, user, password] = process.argv.slice(2) as [string, ...string[]];

try {
  const crowd = await connectCrowd({
    host,
    port: Number(port),
    workers: Number(workers),
    source_addresses: Number(source_addresses),
    user: user ?? "",
    password: password ?? "",
  });
  process.on("message", () => process.send?.({ arrivals: crowd.arrivals() }));
  process.send?.({ ready: true });
} catch (error) {
  process.send?.({ failed: (error as Error).message });
}
process.on("disconnect", () => process.exit(0));
