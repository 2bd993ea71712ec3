import { describe, expect, it } from "vitest";
import { chance } from "../live/examples";
import { Heights, offsetsOf, piecesOf, placeAt, stretchesOf } from "./windowing";

const rowsOf = (count: number) => Array.from({ length: count }, (_, place) => ({ id: `r${place}` }));

describe("the window", () => {
  it("is small however long the table is, and the rest is empty space of the right height", () => {
    const rows = rowsOf(40_000);
    const offsets = offsetsOf(rows, new Heights(30));
    const pieces = piecesOf(rows, offsets, stretchesOf(offsets, 600_000, 600_800, null));
    expect(pieces.length).toBeLessThan(70);
    const height = pieces.reduce((sum, piece) => sum + ("space" in piece ? piece.space : 30), 0);
    expect(height).toBe(40_000 * 30);
    const places = pieces.flatMap((piece) => ("place" in piece ? [piece.place] : []));
    expect(places).toContain(20_000);
  });

  it("covers what is seen, and holds the focus wherever that is, at random", () => {
    const roll = chance(7);
    for (let round = 0; round < 400; round += 1) {
      const rows = rowsOf(roll(300));
      const heights = new Heights(10 + roll(60));
      for (const row of rows) if (roll(3) > 0) heights.measure(row.id, "row", 10 + roll(200));
      if (rows.length > 0) heights.measure(rows[roll(rows.length)]!.id, "unfolded", roll(400));
      const offsets = offsetsOf(rows, heights);
      const top = roll(30_000) - 2_000;
      const bottom = top + 200 + roll(1_500);
      const focus = rows.length === 0 || roll(2) === 0 ? null : roll(rows.length);
      const stretches = stretchesOf(offsets, top, bottom, focus);
      const pieces = piecesOf(rows, offsets, stretches);
      const inPage = pieces.flatMap((piece) => ("place" in piece ? [piece.place] : []));

      const seen = rows.flatMap((_, place) => (offsets[place + 1]! > top && offsets[place]! < bottom ? [place] : []));
      for (const place of seen) expect(inPage).toContain(place);
      if (focus !== null) for (const near of [focus - 1, focus, focus + 1]) if (rows[near]) expect(inPage).toContain(near);
      expect([...inPage].sort((a, b) => a - b)).toEqual(inPage);
      expect(new Set(pieces.map((piece) => piece.key)).size).toBe(pieces.length);
      const height = pieces.reduce((sum, piece) => sum + ("space" in piece ? piece.space : heights.of(piece.row.id)), 0);
      expect(height).toBeCloseTo(offsets[rows.length]!, 6);
    }
  });
});

describe("heights", () => {
  it("are guessed from the first few rows, and the guess then stands", () => {
    const heights = new Heights(30);
    for (let place = 0; place < 8; place += 1) heights.measure(`r${place}`, "row", 40);
    expect(heights.of("unseen")).toBe(40);
    for (let place = 8; place < 20; place += 1) heights.measure(`r${place}`, "row", 90);
    expect(heights.of("unseen")).toBe(40);
    heights.forget(116);
    expect([heights.of("r9"), heights.of("unseen")]).toEqual([116, 116]);
  });

  it("say what is news, and forget what is folded", () => {
    const heights = new Heights(30);
    expect([heights.measure("a", "row", 40), heights.measure("a", "row", 40.2)]).toEqual([true, false]);
    heights.measure("a", "unfolded", 100);
    expect(heights.of("a")).toBe(140);
    expect([heights.fold("a"), heights.fold("a"), heights.of("a")]).toEqual([true, false, 40]);
  });
});

it("finds the row at a height", () => {
  const offsets = Float64Array.from([0, 10, 30, 60]);
  expect([-5, 0, 9, 10, 29, 30, 59, 60, 900].map((height) => placeAt(offsets, height))).toEqual([0, 0, 0, 1, 1, 2, 2, 2, 2]);
  expect(placeAt(Float64Array.from([0]), 5)).toBe(0);
});
