/** An engine in a process of its own, to be killed: prints its port and goes on until it dies. */
import { makeJob, startFixture } from "./fixture.ts";

const [, , dir = "", job_number = "1"] = process.argv;
const fixture = startFixture({ dir, options: { share_log: { dir, instance_id: "test-1", segment_bytes_max: 4096 } } });
fixture.engine.setJob(makeJob(Number(job_number)));
process.stdout.write(`${fixture.port}\n`);
