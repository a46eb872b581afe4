/** What a person typed as targets, as a bounded list of addresses. */
import { isIP } from "node:net";
import { PROVISION_TARGETS_MAX } from "@otedama/shared";

export interface Target {
  host: string;
  port: number;
}

export type Targets = { targets: Target[] } | { problem: string };

const HOST_NAME = /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*$/;
/** `a.b.c.d-e`: the last part counts up. */
const SPAN = /^(\d{1,3}\.\d{1,3}\.\d{1,3}\.)(\d{1,3})-(\d{1,3})$/;

/** Duplicates count once, in the order in which they were typed. The sentence names what is wrong and what would do. */
export function parseTargets(text: string, port_usual: number): Targets {
  const words = text.split(/[\s,;]+/).filter((word) => word !== "");
  if (words.length === 0) return { problem: "Name at least one rig: an address, a host name or a network such as 10.0.0.0/24." };
  const found = new Map<string, Target>();
  for (const word of words) {
    const one = parseWord(word.toLowerCase(), port_usual);
    if ("problem" in one) return one;
    for (const target of one.targets) found.set(`${target.host} ${target.port}`, target);
    if (found.size > PROVISION_TARGETS_MAX) {
      return {
        problem: `These are more than ${grouped(PROVISION_TARGETS_MAX)} rigs, as many as one run may have. Split them into several runs.`,
      };
    }
  }
  return { targets: [...found.values()] };
}

function parseWord(word: string, port_usual: number): Targets {
  if (word.length > 300) return { problem: `“${word.slice(0, 40)}…” is too long for an address.` };
  if (word.includes("/")) return parseNetwork(word, port_usual);
  const span = SPAN.exec(word);
  if (span !== null) return parseSpan(word, span, port_usual);
  if (isIP(word) !== 0) return { targets: [{ host: word, port: port_usual }] };
  const bracketed = /^\[([0-9a-f:.]+)\](?::(\d{1,5}))?$/.exec(word);
  if (bracketed?.[1] !== undefined && isIP(bracketed[1]) === 6) return withPort(word, bracketed[1], bracketed[2], port_usual);
  const [host = "", port, ...rest] = word.split(":");
  if (rest.length > 0) return { problem: `“${word}” is no address. IPv6 with a port is written [2001:db8::1]:22.` };
  // Four numbers with dots are meant as an address, and a name that looks like one would be asked of a name server.
  if (/^[\d.]+$/.test(host) && isIP(host) !== 4)
    return { problem: `“${word}” is no IPv4 address: each of its four parts is 0 to 255.` };
  if (isIP(host) !== 4 && !HOST_NAME.test(host)) return { problem: `“${word}” is neither an address nor a host name.` };
  return withPort(word, host, port, port_usual);
}

function withPort(word: string, host: string, port: string | undefined, port_usual: number): Targets {
  if (port === undefined) return { targets: [{ host, port: port_usual }] };
  const number = Number(port);
  if (!/^\d{1,5}$/.test(port) || number < 1 || number > 65_535)
    return { problem: `“${word}”: a port is a number from 1 to 65535.` };
  return { targets: [{ host, port: number }] };
}

function parseNetwork(word: string, port: number): Targets {
  const [address = "", length = ""] = word.split("/", 2);
  const bits = Number(length);
  if (isIP(address) === 6) {
    return { problem: `“${word}”: an IPv6 network has too many addresses to try them all. Name the rigs one by one.` };
  }
  if (isIP(address) !== 4 || !/^\d{1,2}$/.test(length) || bits > 32 || word.split("/").length !== 2) {
    return { problem: `“${word}” is no network. A network is written 10.0.0.0/24.` };
  }
  const size = 2 ** (32 - bits);
  if (size > PROVISION_TARGETS_MAX) {
    return {
      problem: `“${word}” has ${grouped(size)} addresses; one run may have ${grouped(PROVISION_TARGETS_MAX)}. The largest network that fits is a /22.`,
    };
  }
  const first = toNumber(address) - (toNumber(address) % size);
  // The first and the last address of a network are nobody's, but for networks of one and two (RFC 3021).
  const [from, to] = size > 2 ? [first + 1, first + size - 2] : [first, first + size - 1];
  return { targets: range(from, to, port) };
}

function parseSpan(word: string, span: RegExpExecArray, port: number): Targets {
  const [, prefix = "", from = "", to = ""] = span;
  if (isIP(prefix + from) !== 4 || isIP(prefix + to) !== 4 || Number(from) > Number(to)) {
    return { problem: `“${word}” is no span of addresses. It is written 10.0.0.5-20.` };
  }
  return { targets: range(toNumber(prefix + from), toNumber(prefix + to), port) };
}

function range(from: number, to: number, port: number): Target[] {
  const targets: Target[] = [];
  for (let address = from; address <= to; address++) targets.push({ host: toText(address), port });
  return targets;
}

const toNumber = (address: string): number => address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
const toText = (address: number): string => [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join(".");
const grouped = (count: number): string => count.toLocaleString("en-US");
