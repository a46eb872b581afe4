import { describe, expect, test } from "vitest";
import { COMMANDS, OPTIONS } from "../src/arguments/options.ts";
import { ArgumentError, parseArguments } from "../src/arguments/parse.ts";
import { helpText } from "../src/commands/help.ts";

const flags = (line: string) => Object.fromEntries(parseArguments(line.split(" ")).flags.map(({ path, value }) => [path, value]));

describe("the command line", () => {
  test("without a word shows help, with options alone means start", () => {
    expect(parseArguments([])).toMatchObject({ command: "help", topic: null });
    expect(parseArguments(["-mode", "pool"])).toMatchObject({ command: "start" });
  });

  test.each(["-threads 4", "--threads 4", "-threads=4", "--threads=4"])(
    "takes one dash or two, a space or an equals sign: %s",
    (line) => {
      expect(flags(line)).toEqual({ "mining.threads": "4" });
    },
  );

  test.each([
    ["start -mode solo -log-level debug", { mode: "solo", log_level: "debug" }],
    ["start -cpu-only", { "mining.cpu": true }],
    ["start -gpu-only", { "mining.cpu": false, "mining.gpu": true }],
    ["start -asic-only", { "mining.cpu": false, "mining.asic": true }],
    ["start -p2p", { "p2p_pool.enabled": true }],
    ["start -stratum", { "stratum.enabled": true }],
    ["start -stratum -p2p", { "stratum.enabled": true, "p2p_pool.enabled": true }],
    ["start -stratum 3334", { "stratum.enabled": true, "stratum.port": "3334" }],
    ["start -stratum :3334", { "stratum.enabled": true, "stratum.host": "0.0.0.0", "stratum.port": "3334" }],
    ["start -stratum [::1]:3334", { "stratum.enabled": true, "stratum.host": "::1", "stratum.port": "3334" }],
    [
      "miner -pool stratum+tcp://h:1 -user a.b -password d=8",
      { mode: "miner", "mining.pools": [{ url: "stratum+tcp://h:1", user: "a.b", password: "d=8" }] },
    ],
  ])("%s", (line, expected) => {
    expect(flags(line)).toEqual(expected);
  });

  test("leaves a benchmark's options to the benchmark, and shows its help", () => {
    const line = "stratum -workers 10 --versus 127.0.0.1:1";
    expect(parseArguments(["bench", ...line.split(" ")])).toMatchObject({ command: "bench", words: line.split(" "), flags: [] });
    expect(parseArguments(["bench"])).toMatchObject({ command: "help", topic: "bench" });
    expect(parseArguments(["bench", "stratum", "-help"])).toMatchObject({ command: "help", topic: "bench" });
    expect(helpText("bench")).toContain("-versus-pid PID");
  });

  test("names the file to read", () => {
    expect(parseArguments(["start", "-config", "a b.yaml"])).toMatchObject({ config_file: "a b.yaml" });
  });

  test.each([
    ["-thread 3", "There is no option -thread, did you mean -threads?"],
    ["--cpu_onl", "did you mean -cpu-only?"],
    ["star", "There is no command star, did you mean start?"],
    ["start -threads", "-threads needs a value: -threads N"],
    ["start -threads 1 -threads 2", "-threads is given twice"],
    ["start -p2p=yes", "-p2p takes no value"],
    ["start now", "“now” means nothing here"],
    ["start -cpu-only -gpu-only", "-cpu-only and -gpu-only exclude each other"],
    ["miner -user a", "give its address with -pool URL"],
    ["miner -pool stratum+tcp://h:1", "-pool needs -user LOGIN"],
    ["start -stratum=here", "-stratum takes HOST:PORT"],
  ])("refuses %s", (line, sentence) => {
    expect(() => parseArguments(line.split(" "))).toThrow(ArgumentError);
    expect(() => parseArguments(line.split(" "))).toThrow(sentence);
  });
});

describe("help", () => {
  test("shows every option and every command", () => {
    const text = helpText(null);
    for (const { name } of OPTIONS) expect(text).toContain(`-${name}`);
    for (const command of COMMANDS.filter((name) => name !== "help" && name !== "version")) {
      expect(text).toContain(`  ${command}`);
      expect(helpText(command)).toContain("Examples");
    }
  });

  test("gives examples that the command line takes", () => {
    for (const topic of [null, ...COMMANDS]) {
      for (const [line] of helpText(topic).matchAll(/^ {2}(?:[A-Z_]+=\S+ )*otedama (?!help)(.*)$/gm)) {
        const words = line
          .trim()
          .replace(/^.*?otedama /, "")
          .split(" ");
        if (!/[[\]]|COMMAND/.test(line)) expect(parseArguments(words)).toBeDefined();
      }
    }
  });

  test.each([["-h"], ["--help"], ["help"]])("is there for %s", (word) => {
    expect(parseArguments([word]).command).toBe("help");
  });

  test("on one command", () => {
    expect(parseArguments(["help", "miner"])).toMatchObject({ command: "help", topic: "miner" });
    expect(parseArguments(["miner", "--help"])).toMatchObject({ command: "help", topic: "miner" });
    expect(() => helpText("nonsense")).toThrow("There is no help on nonsense");
  });
});
