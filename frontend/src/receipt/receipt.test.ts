import { expect, it, vi } from "vitest";
import { ApiProblem, NotAnswered } from "../api/client";
import { en } from "../i18n/receipt/en";
import { codeFrom, Following, type Receipt } from "./following";
import { statusOf } from "./status";

const RECEIPT: Receipt = {
  state: "waiting",
  asked_at: "2026-11-26T18:00:00Z",
  refreshed_at: "2026-11-26T18:00:00Z",
  expires_at: "2026-11-26T23:00:00Z",
};
const problem = (status: number, facts = {}) => new ApiProblem(status, { title: "No", ...facts });

function followed(...answers: (object | Error)[]) {
  const asked: string[] = [];
  const ask = vi.fn(async (method: string, path: string) => {
    asked.push(`${method} ${path}`);
    const answer = answers.shift();
    if (answer instanceof Error) throw answer;
    return answer;
  });
  const changed = vi.fn();
  return { following: new Following({ ask: ask as never }, changed), asked, changed };
}

it("looks the code of the fragment up, and asks nothing where there is none", async () => {
  const { following, asked } = followed(RECEIPT);
  await following.read("");
  expect([asked, following.receipt]).toEqual([[], null]);
  await following.read("#K7QF%203M2X%20");
  expect(asked).toEqual(["GET /receipts/K7QF3M2X"]);
  expect([following.receipt, following.busy]).toEqual([RECEIPT, false]);
});

it("takes an address that was cut for a wrong code", async () => {
  const { following } = followed(problem(404));
  await following.read("#K7QF%2");
  expect([following.failure, following.receipt]).toEqual(["wrong", null]);
});

it("says after how long it may be tried again, and keeps what was seen", async () => {
  const { following } = followed(RECEIPT, problem(429, { retry_after_s: 240 }));
  await following.follow("K7QF");
  await following.look();
  expect([following.failure, following.againS, following.receipt]).toEqual(["often", 240, RECEIPT]);
  expect(en.often(following.againS)).toContain("Wait 4 minutes");
});

it.each([new NotAnswered(0), problem(503)])("does not call a code wrong that nobody could look up", async (failure) => {
  const { following } = followed(failure);
  await following.follow("K7QF");
  expect(following.failure).toBe("unreachable");
});

it("shows nothing of a code that was typed before", async () => {
  let answer: (receipt: Receipt) => void = () => undefined;
  const { following, changed } = followed();
  const slow = new Following({ ask: (() => new Promise((done) => (answer = done))) as never }, changed);
  const first = slow.follow("ONE");
  const late = answer;
  const second = slow.follow("TWO");
  answer({ ...RECEIPT, state: "arrived" });
  await second;
  late(RECEIPT);
  await first;
  expect(slow.receipt?.state).toBe("arrived");
  expect(following.receipt).toBeNull();
});

it("is free for another code, whatever the one before still waits for", async () => {
  let answer: (receipt: Receipt) => void = () => undefined;
  const following = new Following({ ask: (() => new Promise((done) => (answer = done))) as never }, vi.fn());
  const first = following.follow("ONE");
  expect(following.busy).toBe(true);
  await following.follow("");
  expect(following.busy).toBe(false);
  answer(RECEIPT);
  await first;
  expect([following.busy, following.receipt]).toEqual([false, null]);
});

it("says that it stands longer once somebody has asked for it", async () => {
  const { following, asked } = followed(RECEIPT, { ...RECEIPT, refreshed_at: "2026-11-26T19:00:00Z" });
  await following.follow("K7QF");
  await following.renew();
  expect(asked.at(-1)).toBe("POST /receipts/K7QF/refresh");
  const said = statusOf(following, en, String).map(([, sentence]) => sentence);
  expect(said).toContain(en.renewed);
  expect(said).toContain(en.refreshed("2026-11-26T19:00:00Z"));
});

it("looks again where the request was closed meanwhile", async () => {
  const { following, asked } = followed(RECEIPT, problem(409), { ...RECEIPT, state: "closed" });
  await following.follow("K7QF");
  await following.renew();
  expect([following.receipt?.state, following.failure, asked.length]).toEqual(["closed", null, 3]);
});

it("says until when it stands only while it does", () => {
  const sentences = (state: Receipt["state"]) =>
    statusOf({ receipt: { ...RECEIPT, state }, renewed: false, lookedAt: 0 }, en, String).map(([, sentence]) => sentence);
  expect(sentences("place-held")).toContain(en.until(RECEIPT.expires_at!));
  expect(sentences("closed").join()).not.toContain(RECEIPT.expires_at);
});

it("reads a code with the spaces in which it is written", () => {
  expect(codeFrom(" K7QF 3M2X\n")).toBe("K7QF3M2X");
});
