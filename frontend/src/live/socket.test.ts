import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  ACK_MS,
  BEAT_MS,
  LARGE_CHARS,
  LITTLE_CHARS,
  LiveSocket,
  MUCH_CHARS,
  PAUSE_MS,
  SILENCE_MS,
  type Link,
  type Listener,
} from "./socket";

class FakeWebSocket {
  static made: FakeWebSocket[] = [];
  readyState = 0;
  sent: unknown[] = [];
  closed = false;
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  readonly url: string;
  readonly protocol: string;

  constructor(url: string, protocol: string) {
    this.url = url;
    this.protocol = protocol;
    FakeWebSocket.made.push(this);
  }

  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }

  close(): void {
    this.closed = true;
  }

  accept(): void {
    this.readyState = 1;
    this.onopen?.();
  }

  say(frame: object): void {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }

  drop(code = 1006): void {
    this.readyState = 3;
    this.onclose?.({ code });
  }
}

const last = (): FakeWebSocket => FakeWebSocket.made.at(-1)!;
const made = (): number => FakeWebSocket.made.length;
const SNAPSHOT = { t: "snapshot", epoch: "e1", seq: 10, now: "2026-11-24T22:00:00Z", live: "redis" };
const BEAT = { t: "beat", now: "2026-11-24T22:00:15Z", to: 10, live: "redis" };

let at: { after: number | null; epoch: string | null };
let links: Link[];
let listener: Listener;
let socket: LiveSocket;

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("WebSocket", FakeWebSocket);
  FakeWebSocket.made = [];
  at = { after: null, epoch: null };
  links = [];
  listener = {
    resumeFrom: () => at,
    snapshot: (frame) => (at = { after: frame.seq, epoch: frame.epoch }),
    delta: (frame) => {
      if (at.after === null || frame.from > at.after) return false;
      at = { ...at, after: frame.to };
      return true;
    },
    beat: () => undefined,
    refetch: vi.fn(async () => void (at = { after: 40, epoch: "e1" })),
    link: (link) => links.push(link),
  };
  socket = new LiveSocket("ws://here/live/board", listener);
});

afterEach(() => {
  socket.close();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function connect(): void {
  socket.open();
  last().accept();
  last().say(SNAPSHOT);
}

describe("a live socket", () => {
  it("says hello with nothing first, then acknowledges what it took", () => {
    connect();
    vi.advanceTimersByTime(PAUSE_MS);
    last().say({ t: "delta", from: 10, to: 12 });
    expect(last().protocol).toBe("halte.v1");
    expect(last().sent).toEqual([
      { t: "hello", after: null, epoch: null },
      { t: "ack", to: 10 },
      { t: "ack", to: 12 },
    ]);
    expect(links.at(-1)).toEqual({ state: "live" });
  });

  /** Ten deltas so many milliseconds apart, and what they were answered with once they have ended. */
  function acksOf(every_ms: number, chars: number): number[] {
    connect();
    for (let to = 11; to <= 20; to += 1) {
      vi.advanceTimersByTime(every_ms);
      last().say({ t: "delta", from: to - 1, to, units: [], shelters: [], rest: "x".repeat(chars) });
    }
    vi.advanceTimersByTime(ACK_MS);
    const sent = last().sent.length;
    vi.advanceTimersByTime(10 * PAUSE_MS);
    expect(last().sent).toHaveLength(sent);
    return last().sent.flatMap((frame) => ("to" in (frame as object) ? [(frame as { to: number }).to] : []));
  }

  it("acknowledges the newest of many, not each, and never leaves the last one out", () => {
    expect(acksOf(ACK_MS / 4, 10)).toEqual([10, 20]);
  });

  it("acknowledges sooner the more there comes", () => {
    expect(acksOf(ACK_MS / 4, LITTLE_CHARS / 2)).toEqual([10, 13, 17, 20]);
    expect(acksOf(ACK_MS / 8, MUCH_CHARS / 4)).toEqual([10, 14, 18, 20]);
    expect(acksOf(ACK_MS / 8, LARGE_CHARS)).toEqual([10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20]);
  });

  it("acknowledges what nothing follows soon, and something in a stream that never pauses", () => {
    expect(acksOf(ACK_MS + 1, 10)).toEqual([10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20]);
    expect(acksOf(ACK_MS - 20, 10)).toEqual([10, 14, 18, 20]);
  });

  it("acknowledges at once what comes alone, and a lower number after another epoch", () => {
    connect();
    vi.advanceTimersByTime(PAUSE_MS);
    last().say({ t: "delta", from: 10, to: 12 });
    last().say({ ...SNAPSHOT, epoch: "e2", seq: 3 });
    vi.advanceTimersByTime(ACK_MS);
    expect(last().sent.slice(2)).toEqual([{ t: "ack", to: 12 }, { t: "ack", to: 3 }]);
  });

  it("owes nothing on the next connection", () => {
    connect();
    last().say({ t: "delta", from: 10, to: 12 });
    last().drop();
    vi.advanceTimersByTime(1_000);
    last().accept();
    vi.advanceTimersByTime(ACK_MS);
    expect(last().sent).toEqual([{ t: "hello", after: 12, epoch: "e1" }]);
  });

  it("comes back with what it knows", () => {
    connect();
    last().drop();
    expect(links.at(-1)).toEqual({ state: "waiting", opened: true });
    vi.advanceTimersByTime(1_000);
    last().accept();
    expect(last().sent).toEqual([{ t: "hello", after: 10, epoch: "e1" }]);
  });

  it("does not acknowledge a gap, but starts again from what it has", () => {
    connect();
    const first = last();
    first.say({ t: "delta", from: 11, to: 12 });
    expect(first.closed).toBe(true);
    expect(first.sent).not.toContainEqual({ t: "ack", to: 12 });
    vi.advanceTimersByTime(1_000);
    last().accept();
    expect(last().sent).toEqual([{ t: "hello", after: 10, epoch: "e1" }]);
  });

  it("fetches the board when told to, and says hello again on the same socket", async () => {
    socket.open();
    last().accept();
    last().say({ t: "resync" });
    await vi.advanceTimersByTimeAsync(0);
    expect(listener.refetch).toHaveBeenCalledOnce();
    expect(made()).toBe(1);
    expect(last().sent.at(-1)).toEqual({ t: "hello", after: 40, epoch: "e1" });
  });

  it("waits longer each time it is sent for the board again before it took anything", async () => {
    vi.spyOn(Math, "random").mockReturnValue(1);
    socket.open();
    last().accept();
    const fetches = (): number => vi.mocked(listener.refetch).mock.calls.length;
    const waits: number[] = [];
    for (let n = 0; n < 6; n += 1) {
      const before = fetches();
      last().say({ t: "resync" });
      let waited = 0;
      await vi.advanceTimersByTimeAsync(0);
      while (fetches() === before) {
        await vi.advanceTimersByTimeAsync(10);
        waited += 10;
        if (waited % 5_000 === 0) last().say(BEAT);
      }
      waits.push(waited);
    }
    expect(waits).toEqual([0, 500, 1_000, 2_000, 4_000, 8_000]);
    last().say({ t: "delta", from: 40, to: 41 });
    const before = fetches();
    last().say({ t: "resync" });
    await vi.advanceTimersByTimeAsync(0);
    expect(fetches()).toBe(before + 1);
    expect(made()).toBe(1);
  });

  it("does not fetch the board for a socket that is gone", async () => {
    socket.open();
    last().accept();
    last().say({ t: "resync" });
    await vi.advanceTimersByTimeAsync(0);
    last().say({ t: "resync" });
    last().drop(1012);
    await vi.advanceTimersByTimeAsync(400);
    expect(listener.refetch).toHaveBeenCalledOnce();
  });

  it("comes back later when the board cannot be fetched", async () => {
    listener.refetch = () => Promise.reject(new Error("no network"));
    socket.open();
    last().accept();
    last().say({ t: "resync" });
    await vi.advanceTimersByTimeAsync(0);
    expect(links.at(-1)?.state).toBe("waiting");
  });

  it("ignores what it cannot read, and what an older socket still says", () => {
    connect();
    const first = last();
    first.onmessage?.({ data: "{" });
    first.say({ t: "surprise" });
    expect(links.at(-1)).toEqual({ state: "live" });
    const late = first.onmessage!;
    socket.reopen();
    late({ data: JSON.stringify({ t: "delta", from: 10, to: 99 }) });
    expect(at.after).toBe(10);
  });
});

describe("the watchdog", () => {
  it("reconnects after two and a half beats of silence, not before", () => {
    connect();
    vi.advanceTimersByTime(SILENCE_MS - 1);
    expect(links.at(-1)).toEqual({ state: "live" });
    vi.advanceTimersByTime(1);
    expect(links.at(-1)?.state).toBe("waiting");
    expect(last().closed).toBe(true);
  });

  it("is kept quiet by beats", () => {
    connect();
    for (let n = 0; n < 10; n += 1) {
      vi.advanceTimersByTime(BEAT_MS);
      last().say(BEAT);
    }
    expect(made()).toBe(1);
  });

  it("gives up on a handshake that hangs", () => {
    socket.open();
    vi.advanceTimersByTime(10_000);
    expect(links.at(-1)?.state).toBe("waiting");
  });
});

describe("the back-off", () => {
  const waits = (): number[] => {
    const found: number[] = [];
    for (let n = 0; n < 9; n += 1) {
      last().drop();
      const before = made();
      let waited = 0;
      while (made() === before) {
        vi.advanceTimersByTime(10);
        waited += 10;
      }
      found.push(waited);
    }
    return found;
  };

  it("doubles, up to a bound", () => {
    vi.spyOn(Math, "random").mockReturnValue(1);
    socket.open();
    expect(waits()).toEqual([500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000, 15_000]);
  });

  it("is half chance, so that a thousand screens do not come back at once", () => {
    vi.spyOn(Math, "random").mockReturnValue(0);
    socket.open();
    expect(waits().slice(0, 3)).toEqual([250, 500, 1_000]);
  });

  it("goes on doubling where connections die as soon as they are made", () => {
    vi.spyOn(Math, "random").mockReturnValue(1);
    connect();
    last().drop(1012);
    vi.advanceTimersByTime(500);
    last().accept();
    last().say(SNAPSHOT);
    last().drop(1012);
    vi.advanceTimersByTime(999);
    expect(made()).toBe(2);
  });

  it("starts from the beginning after a connection that held, or when asked", () => {
    vi.spyOn(Math, "random").mockReturnValue(1);
    socket.open();
    waits();
    last().accept();
    vi.advanceTimersByTime(6_000);
    last().say(BEAT);
    last().drop();
    vi.advanceTimersByTime(500);
    expect(made()).toBe(11);
    last().drop();
    socket.reopen();
    expect(made()).toBe(12);
  });
});

describe("an end that trying again would not change", () => {
  it.each([
    [4401, "login"],
    [4403, "forbidden"],
    [4409, "revoked"],
  ])("is told for %i", (code, reason) => {
    connect();
    last().say({ t: "bye", slug: "some-slug", why: "…" });
    last().drop(code);
    expect(links.at(-1)).toEqual({ state: "ended", reason });
    vi.advanceTimersByTime(60_000);
    expect(made()).toBe(1);
  });

  it.each([1012, 1013, 4400, 4408, 1009])("is not %i", (code) => {
    connect();
    last().drop(code);
    expect(links.at(-1)?.state).toBe("waiting");
  });
});
