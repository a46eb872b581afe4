/** What provisioning asks, shows and refuses before it changes anything: one rig for all of it, with a real sshd and a real sudo. */
import { startTestPostgres, type TestPostgres } from "@otedama/db/embedded";
import ssh2 from "ssh2";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { ACTOR, type Provisioning, startProvisioning } from "./fixtures/rig/provisioning.ts";
import { canHaveRigs, RIG_USERS, type Rig, startRig } from "./fixtures/rig/rig.ts";

vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

const possible = await canHaveRigs();
const { private: closed, public: open } = ssh2.utils.generateKeyPairSync("ed25519", {
  passphrase: "over the hills",
  cipher: "aes256-cbc",
  rounds: 1,
});
const SETUP = `
mkdir -p /home/keeper/.ssh
echo '${open}' >/home/keeper/.ssh/authorized_keys
chown -R keeper: /home/keeper
chmod 700 /home/keeper /home/keeper/.ssh
printf '\\033]0;owned\\007<script>alert(1)</script>\\n' >/etc/ssh/banner
echo 'Banner /etc/ssh/banner' >/etc/ssh/rig_extra
printf 'PRETTY_NAME="<img src=x onerror=alert(1)>\\033[31mred\\033[0m \\342\\200\\256evil"\\n' >/etc/os-release.new && mv /etc/os-release.new /etc/os-release`;

let postgres: TestPostgres | null = null;
let rig: Rig;
let it: Provisioning;
beforeAll(async () => {
  if (!possible) return;
  postgres = await startTestPostgres();
  rig = await startRig({ setup: SETUP });
  it = await startProvisioning(await postgres.createMigratedDatabase(), rig);
});
afterAll(async () => {
  await it?.stop();
  await rig?.stop();
  await postgres?.stop();
});
const as = (user: keyof typeof RIG_USERS) => ({
  user: RIG_USERS[user].user,
  credential: { kind: "password" as const, password: RIG_USERS[user].password },
});

describe.runIf(possible)("a rig", () => {
  test("is left alone where its user may not become root, and says why; a wrong password is tried once", async () => {
    const { rig: refused } = await it.toPlan(as("plain"));
    expect(refused).toMatchObject({ state: "refused", message: "plain may not use sudo on this rig." });
    expect((await it.toPlan({ sudo_password: "not the one" })).rig.message).toBe("sudo does not take this password for keeper.");
    expect((await it.toPlan({ credential: { kind: "password", password: "wrong" } })).rig).toMatchObject({
      state: "refused",
      message: expect.stringContaining("does not let keeper in with these credentials"),
    });
    expect((await it.toPlan(as("free"))).rig).toMatchObject({
      state: "ready",
      findings: expect.arrayContaining([{ level: "fact", text: "freeman may use sudo without a password" }]),
    });
    expect(await rig.shell("ls -d /opt/otedama-agent /etc/otedama-agent /home/*/.otedama-provision 2>/dev/null; true")).toBe("");
  });

  test("is signed in to with a private key, also one under a passphrase, and by its sudo password", async () => {
    const key = (passphrase: string) => ({ kind: "key" as const, private_key: closed, passphrase });
    await expect(it.open({ credential: key("") })).rejects.toThrow("The private key has a passphrase; enter it too.");
    await expect(it.open({ credential: key("wrong") })).rejects.toThrow("The passphrase does not open this private key.");
    await expect(it.open({ credential: { kind: "key", private_key: "ssh-rsa x", passphrase: "" } })).rejects.toThrow(
      "no private key",
    );
    expect((await it.toPlan({ credential: key("over the hills") })).rig.message).toContain(
      "sudo asks keeper for a password and none was given",
    );
    const { password } = RIG_USERS.keeper;
    expect((await it.toPlan({ credential: key("over the hills"), sudo_password: password })).rig.state).toBe("ready");
  });

  test("what a rig says is text: no escape, no markup, no line of its own making gets further", async () => {
    const { rig: shown } = await it.toPlan();
    expect(shown.findings[0]?.text).toMatch(/^<img src=x onerror=alert\(1\)>red {1,2}evil, Linux /);
    expect(JSON.stringify(it.news)).not.toMatch(/\\u001b|\\u0007|\\u202e|\u202e/);
  });

  test("that nobody uses is forgotten by itself; nobody else acts with it", async () => {
    const id = await it.open();
    await it.settled(id);
    await expect(it.provisioner.confirm({ id: "somebody else", address: null }, id, [])).rejects.toThrow(
      "Only The tester, whose credentials it holds",
    );
    it.ahead_ms = 900_001;
    it.provisioner.forgetIdle();
    await expect.poll(async () => (await it.run(id)).secret_held).toBe(false);
    await expect(it.provisioner.confirm(ACTOR, id, [])).rejects.toThrow("its credentials were forgotten");
  });
});
