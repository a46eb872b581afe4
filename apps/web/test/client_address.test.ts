import type { IncomingMessage } from "node:http";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createClientAddress } from "../src/server/http/client_address.ts";

const request = (remoteAddress: string, forwarded?: string) =>
  ({
    socket: { remoteAddress },
    headers: forwarded === undefined ? {} : { "x-forwarded-for": forwarded },
  }) as unknown as IncomingMessage;

describe("the address that limits count by", () => {
  const none = createClientAddress([]);
  const behind = createClientAddress(["10.0.0.0/8", "127.0.0.1", "2001:db8::/32"]);

  test.each([
    ["no proxy is trusted", none, "127.0.0.1", "1.2.3.4", "127.0.0.1"],
    ["a stranger's claim", behind, "192.0.2.1", "1.2.3.4", "192.0.2.1"],
    ["a trusted proxy", behind, "10.0.0.1", "1.2.3.4", "1.2.3.4"],
    ["a chain of them", behind, "10.0.0.1", "9.9.9.9, 1.2.3.4, 10.1.1.1, 127.0.0.1", "1.2.3.4"],
    ["a claim before the chain", behind, "10.0.0.1", "127.0.0.1, 1.2.3.4", "1.2.3.4"],
    ["only proxies", behind, "10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"],
    ["no header", behind, "10.0.0.1", undefined, "10.0.0.1"],
    ["rubbish", behind, "10.0.0.1", "1.2.3.4, <script>", "10.0.0.1"],
    ["IPv4 in IPv6", behind, "::ffff:10.0.0.1", "::ffff:1.2.3.4", "1.2.3.4"],
    ["IPv6 with a port", behind, "2001:db8::1", "[2a00::5]:443", "2a00::5"],
    ["IPv4 with a port", behind, "10.0.0.1", "1.2.3.4:5678", "1.2.3.4"],
  ] as const)("%s", (_, address, socket, forwarded, expected) => {
    expect(address(request(socket, forwarded))).toBe(expected);
  });

  test("whatever a stranger sends, it is the socket's", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 300 }), (header) => {
        expect(behind(request("198.51.100.7", header))).toBe("198.51.100.7");
      }),
    );
  });
});
