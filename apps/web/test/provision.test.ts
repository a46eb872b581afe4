/** Provisioning against a real sshd and a real sudo, in a namespace of its own. systemd does not run there: its systemctl is a stand-in. */
import { startTestPostgres, type TestPostgres } from "@otedama/db/embedded";
import { forgetHostKey, listHostKeyPins } from "@otedama/db/web";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { startCutProxy } from "./fixtures/rig/cut_proxy.ts";
import { ACTOR, BROKEN_AGENT, type Provisioning, startProvisioning } from "./fixtures/rig/provisioning.ts";
import { canHaveRigs, RIG_USERS, type Rig, type RigOptions, startRig } from "./fixtures/rig/rig.ts";

// Each works on whole machines: seconds where nothing else runs, more where much does.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

const possible = await canHaveRigs();
let postgres: TestPostgres;
beforeAll(async () => {
  if (possible) postgres = await startTestPostgres();
});
afterAll(() => postgres?.stop());

/** What of us can be found on a rig. */
const LEFT = `ls -d /opt/otedama-agent /etc/otedama-agent /var/lib/otedama-agent /etc/systemd/system/otedama-agent.service* \
  /etc/systemd/system/multi-user.target.wants/otedama-agent.service /home/*/.otedama-provision /root/.otedama-provision /run/otedama-agent.lock 2>/dev/null
grep -o ^otedama-agent /etc/passwd /etc/group
pgrep -af '/opt/otedama-agen[t]/|sleep 10000[0]'
true`;
const left = async (rig: Rig) => (await rig.shell(LEFT)).split("\n").filter((line) => line !== "");
const versions = async (rig: Rig) => (await rig.shell("cd /opt/otedama-agent; readlink current; ls versions")).trim().split("\n");

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
const as = (user: keyof typeof RIG_USERS) => ({
  user: RIG_USERS[user].user,
  credential: { kind: "password" as const, password: RIG_USERS[user].password },
});
const linesOf = (it: Provisioning, id: number) =>
  it.provisioner
    .logOf(id, 0)
    .map((line) => line.text)
    .join("\n");
const stepOf = (rig: { steps: { name: string; state: string; message: string }[] }, name: string) =>
  rig.steps.find((step) => step.name === name);

describe.runIf(possible)("a rig", () => {
  test("gets an agent that arrives; an upgrade keeps who it is; removal leaves nothing and says what went", async () => {
    await withRig({}, async (rig, it) => {
      const { rig: planned } = await it.toPlan();
      expect(planned.plan.join("\n")).toMatch(
        /Send the agent 1\.0\.0 .*\n.*before anything of it runs[\s\S]*put back the rig as it was/,
      );
      await expect.poll(() => left(rig)).toEqual([]);

      const done = await it.install();
      expect(done).toMatchObject({ state: "done", message: null });
      expect(done.steps.map((step) => step.state)).toEqual(done.steps.map(() => "done"));
      expect(stepOf(done, "verify")?.message).toContain("sha256sum and openssl");
      expect(await versions(rig)).toEqual(["versions/1-1.0.0", "1-1.0.0"]);
      expect(await rig.shell("stat -c '%U:%G %a' /etc/otedama-agent/agent.json /var/lib/otedama-agent")).toBe(
        "root:otedama-agent 640\notedama-agent:otedama-agent 700\n",
      );
      const settings = await rig.shell("cat /etc/otedama-agent/agent.json");
      expect(JSON.parse(settings)).toMatchObject({ hub: { url: expect.any(String) }, supervision: "systemd" });
      expect(settings, "a spent token does not stay").not.toContain("enrol_token");
      expect(await rig.shell("grep -v is-active /var/log/systemctl")).toBe(
        "daemon-reload\nenable --quiet otedama-agent\nrestart otedama-agent\n",
      );
      expect(await rig.shell("ls -d /home/*/.otedama-provision /etc/otedama-agent/.undo 2>/dev/null; true")).toBe("");

      it.release("1.1.0");
      await rig.shell("rm /var/lib/otedama-agent/arrived");
      const upgraded = await it.install();
      expect(upgraded).toMatchObject({ state: "done", agent_id: done.agent_id });
      expect(upgraded.plan.join(" ")).toMatch(/beside 1-1\.0\.0, which stays.*keeps its identity.*put back version 1-1\.0\.0/);
      expect(it.tokens, "no second token").toHaveLength(1);
      expect(await versions(rig)).toEqual(["versions/2-1.1.0", "1-1.0.0", "2-1.1.0"]);

      const removed = await it.install({ purpose: "uninstall" });
      expect(removed.plan).toEqual([
        "Stop the agent. The rig mines no more.",
        "Remove the service /etc/systemd/system/otedama-agent.service.",
        "Remove the folder /opt/otedama-agent and all that is in it.",
        "Remove the folder /etc/otedama-agent and all that is in it.",
        "Remove the folder /var/lib/otedama-agent and all that is in it.",
        "Remove the system user otedama-agent.",
        "Look that nothing is left, and say what was removed.",
      ]);
      expect(removed).toMatchObject({ state: "done", agent_id: done.agent_id });
      expect(it.provisioner.logOf(removed.id, 0).map((line) => line.text)).toEqual([
        "removed the service /etc/systemd/system/otedama-agent.service",
        expect.stringMatching(/^removed the folder \/opt\/otedama-agent \(\d+ files\)$/),
        "removed the folder /etc/otedama-agent (3 files)",
        expect.stringMatching(/^removed the folder \/var\/lib\/otedama-agent \(\d files\)$/),
        "removed the system user otedama-agent",
      ]);
      expect(it.retired).toEqual([done.agent_id]);
      await expect.poll(() => left(rig)).toEqual([]);
    });
  });

  test("without systemd is supervised in the foreground: started again when it ends, never as root, gone when removed", async () => {
    await withRig({ mode: "plain" }, async (rig, it) => {
      const done = await it.install(as("root"));
      expect(done).toMatchObject({ state: "done" });
      expect(done.findings).toContainEqual({ level: "warning", text: expect.stringContaining("no systemd") });
      const running = () => rig.shell("pgrep -u otedama-agent -f 'sleep 100000' || true");
      await expect.poll(running).not.toBe("");
      expect(await rig.shell("pgrep -u root -f supervise.s[h] || true"), "nothing of it runs as root").toBe("");
      const first = await running();
      await rig.shell("pkill -KILL -u otedama-agent -f 'sleep 100000'");
      await expect.poll(running).not.toMatch(new RegExp(`^(${first.trim()})?\\s*$`));
      expect(await rig.shell("cat /var/lib/otedama-agent/agent.log")).toContain("is started again in 1 s");
      expect(await it.install({ ...as("root"), purpose: "uninstall" })).toMatchObject({ state: "done" });
      await expect.poll(() => left(rig)).toEqual([]);
    });
  });
});

describe.runIf(possible)("a host key", () => {
  test("is shown, confirmed by a person and then held to: another one stops everything until its pin is forgotten", async () => {
    await withRig({}, async (rig, it) => {
      const id = await it.open();
      const [shown] = await it.settled(id);
      expect(shown).toMatchObject({
        state: "unknown_key",
        host_key: { type: "ssh-ed25519", fingerprint: await rig.fingerprint() },
      });
      expect(() => it.provisioner.check(ACTOR, id)).toThrow("No rig's host key is confirmed yet.");
      expect(
        await it.provisioner.confirm(ACTOR, id, [{ rig: 0, fingerprint: "SHA256:another" }]),
        "another key than the shown one",
      ).toBe(0);
      expect(await it.provisioner.confirm(ACTOR, id, [{ rig: 0, fingerprint: shown?.host_key?.fingerprint ?? "" }])).toBe(1);
      it.provisioner.check(ACTOR, id);
      expect((await it.settled(id))[0]).toMatchObject({ state: "ready" });

      const before = await rig.fingerprint();
      await rig.newHostKeys();
      const after = await rig.fingerprint();
      await it.provisioner.begin(ACTOR, id, [0]);
      const [stopped] = await it.settled(id);
      expect(stopped).toMatchObject({ state: "changed_key" });
      expect(stopped?.message).toContain(`Expected ssh-ed25519 ${before}; ssh-ed25519 ${after} came.`);
      expect((await it.settled(await it.open()))[0]).toMatchObject({ state: "changed_key", message: stopped?.message });
      expect(it.counters.read().provision_changed_keys).toBe(2);
      await expect.poll(() => left(rig)).toEqual([]);

      const [pin] = await listHostKeyPins(it.database.sql);
      expect(pin).toMatchObject({ fingerprint: before, source: "confirmed" });
      expect(await forgetHostKey(it.database.prisma, ACTOR, pin?.id ?? 0, "installed anew on Monday")).toBe(true);
      expect((await it.settled(await it.open()))[0]).toMatchObject({ state: "unknown_key" });
      const audit = await it.database.sql.query(
        "SELECT action, details FROM audit_log WHERE action LIKE 'host_key.%' ORDER BY id",
      );
      expect(audit.rows).toMatchObject([
        { action: "host_key.pin", details: { after: { fingerprint: before, source: "confirmed" } } },
        {
          action: "host_key.forget",
          details: { before: { fingerprint: before }, after: { reason: "installed anew on Monday" } },
        },
      ]);
    });
  });

  test("is taken from known_hosts, hashed names too; a line with another key is a changed key", async () => {
    await withRig({}, async (rig, it) => {
      const line = (await rig.shell("cut -d ' ' -f 1-2 /etc/ssh/rig_ed25519.pub")).trim();
      const hashed = await rig.shell(
        `cd /tmp && printf '[127.0.0.1]:%s %s\\n' ${rig.port} '${line}' >rig_known && ssh-keygen -q -H -f rig_known >/dev/null 2>&1; cat rig_known; rm -f rig_known*`,
      );
      expect(hashed).toMatch(/^\|1\|/);
      const wrong = await it.open();
      await it.settled(wrong);
      const other = (await rig.shell("ssh-keygen -q -t ed25519 -N '' -f /run/other; cut -d ' ' -f 1-2 /run/other.pub")).trim();
      expect(await it.provisioner.importKnownHosts(ACTOR, wrong, `[127.0.0.1]:${rig.port} ${other}\nnonsense`)).toEqual({
        trusted: 0,
        changed: 1,
        problems: ["Line 2: it has no host key in the form: name type key."],
      });
      expect((await it.run(wrong)).rigs[0]).toMatchObject({ state: "changed_key" });
      const id = await it.open();
      await it.settled(id);
      expect(await it.provisioner.importKnownHosts(ACTOR, id, hashed)).toMatchObject({ trusted: 1, changed: 0 });
      expect(await listHostKeyPins(it.database.sql)).toMatchObject([
        { source: "known_hosts", fingerprint: await rig.fingerprint() },
      ]);
    });
  });
});

describe.runIf(possible)("what goes wrong", () => {
  test("an agent that does not arrive is undone, to nothing or to the one before", async () => {
    await withRig({}, async (rig, it) => {
      const short = await startProvisioning(it.database_url, rig, { wait_s: 1 });
      try {
        short.release("0.9.0", BROKEN_AGENT);
        const failed = await short.install();
        expect(failed).toMatchObject({ state: "failed", message: expect.stringContaining("did not report within 1 s") });
        expect(failed.steps.at(-1)).toMatchObject({ name: "undo", state: "done", message: "Nothing of it is left." });
        expect(short.provisioner.logOf(failed.id, 0).map((line) => line.text)).toContain(
          "The agent's last words: this agent cannot go on <b>here</b>",
        );
        expect(short.tokens[0]?.revoked).toBe(true);
        await expect.poll(() => left(rig)).toEqual([]);

        const good = await it.install();
        expect(good.state).toBe("done");
        await rig.shell("rm /var/lib/otedama-agent/arrived");
        short.release("1.2.0", BROKEN_AGENT);
        const back = await short.install();
        expect(back.steps.at(-1)).toMatchObject({
          name: "undo",
          state: "done",
          message: "The agent that ran before runs again.",
        });
        expect(await versions(rig)).toEqual(["versions/1-1.0.0", "1-1.0.0"]);
        await expect.poll(() => rig.shell("cat /var/lib/otedama-agent/arrived 2>/dev/null || true")).toBe("1.0.0\n");
        expect(await rig.shell("cat /var/lib/otedama-agent/agent_id")).toBe(`${good.agent_id}\n`);
      } finally {
        await short.stop();
      }
    });
  });

  test("a line that breaks is taken up where it was, whatever was going on", async () => {
    await withRig({}, async (rig, it) => {
      const proxy = await startCutProxy(rig.port);
      try {
        const target = { targets: "127.0.0.1", port: proxy.port };
        const { id, rig: planned } = await it.toPlan(target);
        expect(planned.state).toBe("ready");
        // Some way into the upload: it goes on behind what is there.
        proxy.hold_after_bytes = 600_000;
        await it.provisioner.begin(ACTOR, id, [0]);
        const sent = () => rig.shell("stat -c %s /home/keeper/.otedama-provision/otedama-agent 2>/dev/null || echo 0");
        await expect.poll(async () => Number(await sent()), { timeout: 60_000 }).toBeGreaterThan(0);
        proxy.hold_after_bytes = null;
        proxy.cut();
        const [done] = await it.settled(id);
        expect(done).toMatchObject({ state: "done", message: null });
        expect(linesOf(it, id)).toMatch(/\d+ bytes were there already and were not sent again/);

        // Cut once at each of the steps of the next installations.
        for (const name of ["begin", "start", "commit"]) {
          it.release(`2.0.0-${name}`);
          await rig.shell("rm -f /var/lib/otedama-agent/arrived");
          const run = await it.toPlan(target);
          let cut = false;
          it.onNews = (news) => {
            const step = stepOf(news.rigs[0] ?? { steps: [] }, name);
            if (cut || step === undefined || step.state === "waiting") return;
            cut = true;
            proxy.cut();
          };
          await it.provisioner.begin(ACTOR, run.id, [0]);
          const [one] = await it.settled(run.id);
          it.onNews = null;
          expect({ name, cut, state: one?.state, message: one?.message }).toEqual({
            name,
            cut: true,
            state: "done",
            message: null,
          });
          expect((await versions(rig))[0]).toMatch(new RegExp(`-2\\.0\\.0-${name}$`));
        }
        expect(
          await rig.shell("ls -d /home/*/.otedama-provision /etc/otedama-agent/.undo /run/otedama-agent.lock 2>/dev/null; true"),
        ).toBe("");
      } finally {
        await proxy.stop();
      }
    });
  });

  test("a line that is gone for good: the rig undoes by itself what nobody kept", async () => {
    await withRig({}, async (rig, it) => {
      const proxy = await startCutProxy(rig.port);
      const alone = await startProvisioning(it.database_url, rig, { wait_s: 1, retry_ms: [], grace_s: 2 });
      try {
        const { id } = await alone.toPlan({ port: proxy.port });
        alone.onNews = (news) => {
          const start = stepOf(news.rigs[0] ?? { steps: [] }, "arrive");
          if (start !== undefined && start.state !== "waiting") void proxy.stop();
        };
        alone.rig = null;
        await alone.provisioner.begin(ACTOR, id, [0]);
        const [failed] = await alone.settled(id);
        expect(failed?.state).toBe("failed");
        // What was sent to the user's own folder goes with the next run.
        await expect.poll(() => left(rig), { timeout: 120_000 }).toEqual(["/home/keeper/.otedama-provision"]);
        expect(await it.install({ purpose: "uninstall" })).toMatchObject({ state: "done" });
        await expect.poll(() => left(rig)).toEqual([]);
      } finally {
        await alone.stop();
        await proxy.stop();
      }
    });
  });

  test("a full disk and a read-only folder are said, and nothing is left half-way", async () => {
    const setup = "mount -t tmpfs -o size=600k full /opt";
    await withRig({ setup }, async (rig, it) => {
      const { rig: refused } = await it.toPlan();
      expect(refused).toMatchObject({
        state: "refused",
        message: expect.stringMatching(/^\/opt has 1 MiB free and the agent needs \d+ MiB/),
      });
      // It fills up between the look and the work.
      await rig.shell("mount -t tmpfs -o size=64m roomy /opt");
      const { id } = await it.toPlan();
      await rig.shell("umount /opt");
      await it.provisioner.begin(ACTOR, id, [0]);
      const [full] = await it.settled(id);
      expect(full).toMatchObject({
        state: "failed",
        message: expect.stringMatching(/KiB free and \d+ KiB are needed: make room/),
      });
      await expect.poll(() => left(rig)).toEqual([]);

      await rig.shell("mount -t tmpfs -o size=64m roomy /opt");
      const read_only = await it.toPlan();
      await rig.shell("mount -o remount,ro /opt");
      await it.provisioner.begin(ACTOR, read_only.id, [0]);
      expect((await it.settled(read_only.id))[0]).toMatchObject({
        state: "failed",
        message: expect.stringContaining("Read-only file system"),
      });
      await rig.shell("mount -o remount,rw /opt; mount -t tmpfs -o size=500k home /home/keeper; chown keeper: /home/keeper");
      await it.provisioner.check(ACTOR, read_only.id);
      expect((await it.settled(read_only.id))[0]).toMatchObject({
        state: "refused",
        message: expect.stringContaining("The home folder has"),
      });
      await expect.poll(() => left(rig)).toEqual([]);
    });
  });

  test("a release whose file or signature is another one is sent nowhere; a rig refuses it too", async () => {
    await withRig({}, async (rig, it) => {
      it.spoilRelease("file");
      expect((await it.toPlan()).rig).toMatchObject({
        state: "refused",
        message: expect.stringContaining("is not what was signed"),
      });
      it.release("1.0.1");
      it.spoilRelease("signature");
      expect((await it.toPlan()).rig).toMatchObject({
        state: "refused",
        message: expect.stringContaining("not signed by this control plane's key"),
      });
      it.release("1.0.2");
      // On its way to the rig: what is staged is changed behind our back.
      const { id } = await it.toPlan();
      it.onNews = (news) => {
        if (stepOf(news.rigs[0] ?? { steps: [] }, "begin")?.state === "running")
          rig.shell("echo x >>/home/keeper/.otedama-provision/otedama-agent").catch(() => {});
      };
      await rig.shell(
        "mv /usr/bin/openssl /usr/bin/openssl.real; printf '#!/bin/sh\\n[ \"$1\" = version ] && exec openssl.real version\\nexit 1\\n' >/usr/bin/openssl; chmod 755 /usr/bin/openssl",
      );
      await it.provisioner.begin(ACTOR, id, [0]);
      expect((await it.settled(id))[0]).toMatchObject({
        state: "failed",
        message: expect.stringMatching(/not signed by this control plane's key|has the SHA-256/),
      });
      await expect.poll(() => left(rig)).toEqual([]);
    });
  });
});

describe.runIf(possible)("a secret", () => {
  test("is in no table, no log, no message and no report of the process, and is forgotten at the end", async () => {
    await withRig({}, async (rig, it) => {
      const secret = RIG_USERS.keeper.password;
      const done = await it.install();
      expect(done.state).toBe("done");
      expect((await it.run(done.id)).secret_held).toBe(false);
      expect(() => it.provisioner.check(ACTOR, done.id)).toThrow("its credentials were forgotten");
      const tables = await it.database.sql.query<{ name: string }>(
        "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public'",
      );
      let dump = "";
      for (const { name } of tables.rows) {
        const rows = await it.database.sql.query(`SELECT to_jsonb(t) AS row FROM "${name}" t`);
        dump += JSON.stringify(rows.rows);
      }
      expect(dump).toContain(done.agent_id);
      const token = it.tokens[0]?.token ?? "";
      for (const [where, text] of [
        ["database", dump],
        ["log", it.log()],
        ["news", JSON.stringify(it.news)],
        ["run", JSON.stringify(await it.run(done.id))],
        ["report", JSON.stringify(process.report.getReport())],
        [
          "rig",
          await rig.shell(
            "cat /var/log/*.journal /var/log/systemctl 2>/dev/null; cat /proc/[0-9]*/cmdline; cat /etc/otedama-agent/*",
          ),
        ],
      ] as const) {
        expect(text.includes(secret), `the password in the ${where}`).toBe(false);
        expect(text.includes(token), `the token in the ${where}`).toBe(false);
      }
    });
  });
});

describe.runIf(possible)("many rigs", () => {
  test("are worked on at once, up to the bound, and one that is not there holds up nobody", async () => {
    const rigs = await Promise.all([startRig(), startRig(), startRig()]);
    const it = await startProvisioning(await postgres.createMigratedDatabase(), null);
    try {
      it.rig = rigs[0] ?? null;
      const targets = rigs.map((rig) => `${rig.host}:${rig.port}`).join("\n");
      const { id } = await it.toPlan({ targets: `${targets}, 127.0.0.1:1`, parallel: 2 });
      let most = 0;
      it.onNews = async () => {
        most = Math.max(most, (await it.run(id)).rigs.filter((rig) => rig.state === "running").length);
      };
      await it.provisioner.begin(ACTOR, id, [0, 1, 2, 3]);
      const ended = await it.settled(id);
      expect(ended.map((rig) => rig.state)).toEqual(["done", "done", "done", "unreachable"]);
      expect(most).toBe(2);
      expect(ended[3]?.message).toContain("Nothing listens at 127.0.0.1 port 1");
    } finally {
      await it.stop();
      await Promise.all(rigs.map((rig) => rig.stop()));
    }
  });
});
