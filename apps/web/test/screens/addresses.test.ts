import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkSetup, tokenFromHash } from "../../src/features/auth/setup_token.ts";
import { whereTo } from "../../src/lib/where_to.ts";
import { parseAsZoom } from "../../src/lib/window.ts";

describe("where to go after signing in", () => {
  test("paths of this site are kept, with their search", () => {
    expect(whereTo("/workers?state=mining&row=3")).toBe("/workers?state=mining&row=3");
    expect(whereTo("/")).toBe("/");
  });

  test.each([
    null,
    undefined,
    "",
    "https://other.example/",
    "//other.example",
    "/\\other.example",
    "/\tother",
    "workers",
    "javascript:alert(1)",
  ])("%j leads to the overview", (next) => {
    expect(whereTo(next)).toBe("/");
  });

  test("whatever is given, a browser stays on this site", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 30 }), (text) => {
        expect(new URL(whereTo(text), "https://own.example").host).toBe("own.example");
        expect(new URL(whereTo(`/${text}`), "https://own.example").host).toBe("own.example");
      }),
    );
  });
});

describe("the set-up link", () => {
  test("its token comes from the fragment, with or without a name", () => {
    expect(tokenFromHash("#token=abc_DEF-123")).toBe("abc_DEF-123");
    expect(tokenFromHash("#abc_DEF-123")).toBe("abc_DEF-123");
  });

  test.each(["", "#", "#token=", "#token=a b", "#<script>", "#%E0%A4%A", `#${"a".repeat(257)}`])("%j has none", (hash) => {
    expect(tokenFromHash(hash)).toBeNull();
  });

  test("fields are checked before they are sent, each with a sentence of its own", () => {
    const good = { name: "Aki", email: "aki@example.org", password: "four words do well", again: "four words do well" };
    expect(checkSetup(good)).toEqual({});
    expect(Object.keys(checkSetup({ name: " ", email: "aki", password: "short", again: "other" }))).toEqual([
      "name",
      "email",
      "password",
      "again",
    ]);
  });
});

describe("a stretch of time in the address", () => {
  test("is read and written", () => {
    expect(parseAsZoom.parse("1763690400-1763694000")).toEqual([1_763_690_400, 1_763_694_000]);
    expect(parseAsZoom.serialize([1, 2])).toBe("1-2");
  });

  test.each(["", "1", "2-1", "1-1", "a-b", "-1-2", "1-2-3", "999999999999-9999999999999"])("%j is none", (text) => {
    expect(parseAsZoom.parse(text)).toBeNull();
  });
});
