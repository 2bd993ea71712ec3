import { describe, expect, it } from "vitest";
import { partIn, partOf, queryOf } from "./address";

describe("the address", () => {
  it("names the part that is open, and is read as that part", () => {
    for (const kind of ["moves", "draws", "plans", "policies", "keys"] as const) {
      expect(partIn({ kind })).toBe(kind);
      expect(partOf(queryOf(kind))).toBe(kind);
    }
    expect([queryOf(null), partOf("")]).toEqual(["", null]);
  });

  it("says nothing of a household, nor of what somebody has begun to say", () => {
    expect(partIn({ kind: "request", id: "request-1", moving: false })).toBeNull();
    expect(partIn({ kind: "receipt", id: "request-1" })).toBeNull();
    expect([partIn({ kind: "ask" }), partIn({ kind: "report" }), partIn({ kind: "none" })]).toEqual([null, null, null]);
  });

  it("opens nothing that it may not name", () => {
    expect(["?part=ask", "?part=report", "?part=request", "?part=toString", "?draws", "?part="].map(partOf)).toEqual(Array(6).fill(null));
    expect(partOf("?other=1&part=plans")).toBe("plans");
  });
});
