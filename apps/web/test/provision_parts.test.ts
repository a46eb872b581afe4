/** The parts of provisioning that need no rig: targets, known_hosts, host keys, what rigs say, plans, secrets. */
import { createHmac, randomBytes } from "node:crypto";
import { inspect } from "node:util";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { HeldSecret } from "../src/server/provision/held_secret.ts";
import { hostKeyAlgorithms, readHostKey } from "../src/server/provision/host_key.ts";
import { parseKnownHosts } from "../src/server/provision/known_hosts.ts";
import { plainText } from "../src/server/provision/plain_text.ts";
import { makePlan, type Planning } from "../src/server/provision/plan.ts";
import { readFacts, readStep, toInspection, toRigFacts } from "../src/server/provision/rig_facts.ts";
import { quoted } from "../src/server/provision/rig_script.ts";
import { parseTargets } from "../src/server/provision/targets.ts";

const hosts = (text: string, port = 22) => {
  const parsed = parseTargets(text, port);
  return "problem" in parsed ? parsed.problem : parsed.targets.map((target) => `${target.host} ${target.port}`);
};

describe("targets", () => {
  test("are addresses, names, networks and spans, each once, in their order", () => {
    expect(hosts("10.0.0.9, rig-1.farm\n10.0.0.9 [2001:db8::1]:2222;FE80::1 10.0.0.1:2200", 22)).toEqual([
      "10.0.0.9 22",
      "rig-1.farm 22",
      "2001:db8::1 2222",
      "fe80::1 22",
      "10.0.0.1 2200",
    ]);
    expect(hosts("10.0.0.5/30")).toEqual(["10.0.0.5 22", "10.0.0.6 22"]);
    expect(hosts("10.0.0.4/31 10.0.0.8/32")).toEqual(["10.0.0.4 22", "10.0.0.5 22", "10.0.0.8 22"]);
    expect(hosts("192.168.1.254-255")).toEqual(["192.168.1.254 22", "192.168.1.255 22"]);
    expect(hosts("255.255.255.255/32")).toEqual(["255.255.255.255 22"]);
    expect(hosts("10.0.4.0/22")).toHaveLength(1_022);
  });

  test("that are too many or wrong are refused in a sentence that names them", () => {
    expect(hosts("10.0.0.0/21")).toBe(
      "“10.0.0.0/21” has 2,048 addresses; one run may have 1,024. The largest network that fits is a /22.",
    );
    expect(hosts("0.0.0.0/0")).toContain("4,294,967,296 addresses");
    expect(hosts("10.0.0.0/22 10.1.0.0/24")).toContain("more than 1,024 rigs");
    expect(hosts("2001:db8::/64")).toContain("IPv6 network");
    expect(hosts("10.0.0.300")).toContain("no IPv4 address");
    expect(hosts("10.0.0.0/33")).toContain("is no network");
    expect(hosts("10.0.0.9-3")).toContain("no span");
    expect(hosts("rig:99999")).toContain("a port is a number");
    expect(hosts("-oProxyCommand=x")).toContain("neither an address nor a host name");
    expect(hosts("a/b/c")).toContain("is no network");
    expect(hosts("   ")).toContain("Name at least one rig");
  });

  test("never become more than the bound or something else than hosts, whatever is typed", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[0-9a-f.:/,\s[\]-]{0,60}$/)), (text) => {
        const parsed = parseTargets(text, 22);
        if ("problem" in parsed) return;
        expect(parsed.targets.length).toBeLessThanOrEqual(1_024);
        for (const target of parsed.targets) expect(target.host).toMatch(/^[a-z0-9_.:-]+$/);
      }),
      { numRuns: 2_000 },
    );
  });
});

const wire = (type: string, body: Buffer) => {
  const length = (bytes: number) => {
    const prefix = Buffer.alloc(4);
    prefix.writeUInt32BE(bytes);
    return prefix;
  };
  return Buffer.concat([length(type.length), Buffer.from(type), length(body.length), body]);
};
const ED25519 = wire("ssh-ed25519", Buffer.alloc(32, 7));
const line = (names: string, key = ED25519, marker = "") =>
  `${marker}${names} ${key.toString("latin1", 4, 4 + key.readUInt32BE(0))} ${key.toString("base64")}`;
const hashed = (name: string) => {
  const salt = randomBytes(20);
  return `|1|${salt.toString("base64")}|${createHmac("sha1", salt).update(name).digest("base64")}`;
};

describe("host keys", () => {
  test("are read from the wire, and the pinned types are asked for first", () => {
    expect(readHostKey(ED25519)).toMatchObject({
      type: "ssh-ed25519",
      fingerprint: expect.stringMatching(/^SHA256:[A-Za-z0-9+/]{43}$/),
    });
    expect(readHostKey(Buffer.from("nonsense"))).toBeNull();
    expect(readHostKey(Buffer.alloc(0))).toBeNull();
    expect(hostKeyAlgorithms([])[0]).toBe("ssh-ed25519");
    expect(hostKeyAlgorithms(["ssh-rsa", "unheard-of"]).slice(0, 3)).toEqual(["rsa-sha2-512", "rsa-sha2-256", "ssh-ed25519"]);
  });

  test("stand in known_hosts by name, pattern, hash and port; a no counts more than a yes", () => {
    const { hosts, problems } = parseKnownHosts(
      [
        "# a comment",
        line("rig-1,10.0.0.1"),
        line("*.farm,!gate.farm"),
        line("[10.0.0.2]:2222"),
        line(hashed("10.0.0.3")),
        line(hashed("[rig-9]:2200")),
        line("10.0.0.4", ED25519, "@revoked "),
        line("10.0.0.5", ED25519, "@cert-authority "),
        line("10.0.0.6", ED25519, "@unheard "),
        "10.0.0.7 ssh-ed25519 !!!!",
        `10.0.0.8 ssh-rsa ${ED25519.toString("base64")}`,
        "|1|short|short ssh-ed25519 AAAA",
      ].join("\r\n"),
    );
    const known = (host: string, port = 22) => hosts.filter((one) => one.matches(host, port)).map((one) => one.revoked);
    expect(known("rig-1")).toEqual([false]);
    expect(known("10.0.0.1")).toEqual([false]);
    expect(known("10.0.0.1", 2222)).toEqual([]);
    expect(known("a.farm")).toEqual([false]);
    expect(known("gate.farm")).toEqual([]);
    expect(known("10.0.0.2", 2222)).toEqual([false]);
    expect(known("10.0.0.3")).toEqual([false]);
    expect(known("rig-9", 2200)).toEqual([false]);
    expect(known("10.0.0.4")).toEqual([true]);
    for (const host of ["10.0.0.5", "10.0.0.6", "10.0.0.7", "10.0.0.8"]) expect(known(host)).toEqual([]);
    expect(problems).toHaveLength(4);
    expect(problems[0]).toBe("Line 9: the marker @unheard is not known.");
  });

  test("any text is read to an end", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 2_000 }), fc.stringMatching(/^[*?a-b]{0,40}$/), (text, pattern) => {
        for (const one of parseKnownHosts(`${text}\n${line(pattern || "x")}`).hosts) one.matches("ab".repeat(100), 22);
      }),
    );
  });
});

describe("what rigs say", () => {
  test("is one line of plain text, whatever it was", () => {
    expect(plainText("a\u001b[31mred\u001b[0m\u001b]0;title\u0007b\r\nc\td", 100)).toBe("aredb c d");
    expect(plainText("\u202egnp.exe\u2066 \u200b\ufeff", 100)).toBe("gnp.exe");
    expect(plainText("x".repeat(50), 10)).toBe(`${"x".repeat(9)}…`);
    fc.assert(
      fc.property(fc.array(fc.nat(0xffff), { maxLength: 80 }), (codes) => {
        const text = String.fromCharCode(...codes);
        const plain = plainText(text, 40);
        expect(plain.length).toBeLessThanOrEqual(40);
        // biome-ignore lint/suspicious/noControlCharactersInRegex: there must be none
        expect(plain).not.toMatch(/[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/);
        expect(plain.isWellFormed()).toBe(true);
      }),
    );
  });

  test("is taken for facts and steps only in their own form, and in bounds", () => {
    expect(readStep("@ place done /opt/x")).toEqual({ name: "place", state: "done", words: "/opt/x" });
    expect(readStep("@ place perhaps x")).toBeNull();
    expect(readStep("= os x")).toBeNull();
    const facts = readFacts(
      ["= os A\u001b[1m", "= gpu 0x10de 0x2204", "= gpu 0x1002 0x73bf", "=os B", ...Array(500).fill("= x y")].join("\n"),
    );
    expect(facts.get("os")).toEqual(["A"]);
    expect(facts.get("x")?.length).toBeLessThanOrEqual(200);
    const read = toRigFacts(facts, { sent_at_ms: 0, answered_at_ms: 1 });
    expect(read.gpus).toEqual(["NVIDIA GPU 0x2204", "AMD GPU 0x73bf"]);
    expect(read).toMatchObject({ sudo: "none", clock_off_ms: null, systemd: false });
    expect(toInspection(readFacts("= agent_id x'; DROP TABLE agent")).agent_id).toBeNull();
  });

  test("of the time counts only as far as it is surely off", () => {
    const off = (clock_s: number) =>
      toRigFacts(new Map([["clock_s", [String(clock_s)]]]), { sent_at_ms: 1_000_000, answered_at_ms: 1_002_000 }).clock_off_ms;
    expect(off(1_000)).toBe(0);
    expect(off(1_002)).toBe(0);
    expect(off(999)).toBe(-1);
    expect(off(4_602)).toBe(3_600_000);
  });

  test("a word for the shell stays one word", () => {
    expect(quoted("it's $(x)")).toBe("'it'\\''s $(x)'");
  });
});

const PLANNING: Planning = {
  purpose: "install",
  control_url: "https://otedama.example",
  site: "north",
  user: "aki",
  has_sudo_password: true,
  sudo_problem: null,
  release: { number: 3, version: "1.2.0", file: { bytes: 100 * 1_048_576 } },
  facts: toRigFacts(
    readFacts(
      "= hostname r1\n= home /home/aki\n= os Debian\n= kernel Linux 6.1\n= arch x86_64\n= libc glibc 2.36\n= opt_free_kib 900000\n= home_free_kib 900000\n= home_writable yes\n= clock_s 1000\n= reach yes\n= systemd yes\n= sudo password\n= openssl OpenSSL 3.0.2",
    ),
    { sent_at_ms: 1_000_000, answered_at_ms: 1_000_500 },
  ),
  inspection: toInspection(new Map()),
  wait_s: 90,
};
const refusal = (facts: Partial<Planning["facts"]>, changes: Partial<Planning> = {}) =>
  makePlan({ ...PLANNING, ...changes, facts: { ...PLANNING.facts, ...facts } });

describe("a plan", () => {
  test("says everything that would be done, and nothing when it cannot be", () => {
    const good = makePlan(PLANNING);
    expect(good.refusal).toBeNull();
    expect(good.plan).toHaveLength(8);
    expect(good.findings.filter((finding) => finding.level !== "fact")).toEqual([]);
    for (const [facts, changes, sentence] of [
      [{ kernel: "FreeBSD 14" }, {}, "The agent runs on Linux"],
      [{ arch: "riscv64" }, {}, "There is no agent for riscv64."],
      [{ libc: "musl libc" }, {}, "needs glibc"],
      [{ missing: ["setsid", "awk"] }, {}, "The rig lacks setsid, awk: install them there."],
      [{ home_writable: false }, {}, "home folder"],
      [{ opt_free_bytes: 1 }, {}, "/opt has 0 MiB free and the agent needs 116 MiB"],
      [
        { reach: { answer: "no", words: "curl: (6) no such host" } },
        {},
        "does not reach the control plane at https://otedama.example (curl: (6)",
      ],
      [{ sudo: "none" }, {}, "aki is not root and the rig has no sudo"],
      [{}, { has_sudo_password: false }, "sudo asks aki for a password and none was given"],
      [{}, { sudo_problem: "sudo does not take this password for aki." }, "sudo does not take this password"],
      [{}, { release: null }, "no signed release"],
      [{}, { release: { number: 3, version: "1", file: null } }, "Release 3 has no agent for linux-x64."],
    ] as const) {
      const made = refusal(facts as Partial<Planning["facts"]>, changes);
      expect(made.refusal).toContain(sentence);
      expect(made.plan).toEqual([]);
    }
  });

  test("warns of what a person should know", () => {
    const warnings = (facts: Partial<Planning["facts"]>, changes: Partial<Planning> = {}) =>
      refusal(facts, changes)
        .findings.filter((finding) => finding.level === "warning")
        .map((finding) => finding.text)
        .join(" ");
    expect(warnings({ clock_off_ms: 3_600_000 })).toContain("60 minutes ahead");
    expect(warnings({ miners: ["xmrig (process 7)"] })).toContain("Other miners run there: xmrig (process 7).");
    expect(warnings({ systemd: false })).toContain("no systemd");
    expect(warnings({ openssl: "OpenSSL 1.1.1" })).toContain("no OpenSSL 3");
    expect(warnings({ reach: { answer: "unknown", words: "" } })).toContain("could not be tried");
    expect(warnings({}, { inspection: { ...toInspection(new Map()), half_done: true } })).toContain("broken off");
  });

  test("keeps who an agent is where it is ours, and not where it is another's", () => {
    const there = {
      ...toInspection(new Map()),
      version: "2-1.1.0",
      enrolled: true,
      agent_id: "3f2c1c7e-7d0b-4d53-9d0c-0a1b2c3d4e5f",
      control_url: "https://otedama.example/",
    };
    expect(refusal({}, { inspection: there })).toMatchObject({ keep_identity: true });
    const other = refusal({}, { inspection: { ...there, control_url: "https://else.example" } });
    expect(other.keep_identity).toBe(false);
    expect(other.plan.join(" ")).toContain("the identity it has at https://else.example ends");
  });
});

test("a secret prints as nothing, gives sudo one line, and is gone when it is forgotten", () => {
  const secret = new HeldSecret({ kind: "password", password: "s3cret" }, "", null);
  expect(`${JSON.stringify({ secret })} ${inspect({ secret }, { depth: 9, showHidden: true })}`).not.toContain("s3cret");
  expect(secret.sudoLine()?.toString()).toBe("s3cret\n");
  expect(new HeldSecret({ kind: "password", password: "a" }, "b", null).sudoLine()?.toString()).toBe("b\n");
  expect(new HeldSecret({ kind: "agent" }, "", "/run/agent").sudoLine()).toBeNull();
  secret.forget();
  expect(secret.held).toBe(false);
  expect(() => secret.credential()).toThrow("forgotten");
  expect(() => secret.sudoLine()).toThrow("forgotten");
});
