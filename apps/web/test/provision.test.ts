/** Provisioning against a real sshd and a real sudo, in a namespace of its own. systemd does not run there: its systemctl is a stand-in. */
import { startTestPostgres, type TestPostgres } from "@otedama/db/embedded";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startCutProxy } from "./fixtures/rig/cut_proxy.ts";
import { ACTOR, BROKEN_AGENT, type Provisioning, startProvisioning } from "./fixtures/rig/provisioning.ts";
import { canHaveRigs, RIG_USERS, type Rig, type RigOptions, startRig } from "./fixtures/rig/rig.ts";

const possible = await canHaveRigs();
let postgres: TestPostgres;
beforeAll(async () => {
  if (possible) postgres = await startTestPostgres();
});
afterAll(() => postgres?.stop());

/** What of us can be found on a rig. */
const LEFT = `ls -d /opt/otedama-agent /etc/otedama-agent /var/lib/otedama-agent /etc/systemd/system/otedama-agent.service /home/*/.otedama-provision /run/otedama-agent.lock 2>/dev/null; grep -o ^otedama-agent /etc/passwd /etc/group; pgrep -u otedama-agent 2>/dev/null; true`;
const left = async (rig: Rig) => (await rig.shell(LEFT)).split("\n").filter((line) => line !== "");

async function withRig(options: RigOptions, work: (rig: Rig, it: Provisioning) => Promise<void>): Promise<void> {
  const rig = await startRig(options);
  const it = await startProvisioning(await postgres.createMigratedDatabase(), rig);
  try {
    await work(rig, it);
  } finally {
    await it.stop();
    await rig.stop();
  }
}
const key = (user: keyof typeof RIG_USERS) => ({
  user: RIG_USERS[user].user,
  credential: { kind: "password" as const, password: RIG_USERS[user].password },
});

describe.runIf(possible)("a rig", () => {
  test("gets an agent by password and sudo", async () => {
    await withRig({}, async (rig, it) => {
      const done = await it.install();
      console.log(JSON.stringify(done, null, 1), it.provisioner.logOf(done.id, 0));
      expect(done).toMatchObject({ state: "done" });
    });
  });
});
