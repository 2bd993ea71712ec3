/**
 * One live connection that never gives up: says hello with what is known, acknowledges, watches for silence, and
 * comes back with a jittered back-off. Knows the protocol, and nothing of boards.
 */

import { readFrame, SUBPROTOCOL, type ClientFrame, type Frame, type SnapshotFrame } from "./frames";

export type Link =
  | { state: "connecting" }
  | { state: "live" }
  | { state: "waiting"; opened: boolean }
  /** Trying again would not help: the session ended, or this page is not for this account. */
  | { state: "ended"; reason: EndReason };

/** `login`: nobody is logged in. `revoked`: the session ended or its rights changed while the connection was open. */
export type EndReason = "login" | "forbidden" | "revoked";

export interface Listener {
  resumeFrom(): { after: number | null; epoch: string | null };
  snapshot(frame: SnapshotFrame): void;
  /** False on a gap. */
  delta(frame: Extract<Frame, { t: "delta" }>): boolean;
  beat(frame: Extract<Frame, { t: "beat" }>): void;
  /** The board is to be fetched over HTTP; the socket says hello again afterwards. */
  refetch(): Promise<void>;
  link(link: Link): void;
}

export const BEAT_MS = 15_000;
export const SILENCE_MS = 2.5 * BEAT_MS;
/**
 * Many acks a second would cost the server more than the frames do. Where little has come they wait until nothing
 * follows for ACK_MS, else until the last one is so old; a large frame, much, or the first after a pause is
 * acknowledged at once.
 */
export const ACK_MS = 120;
export const PAUSE_MS = 360;
export const LITTLE_CHARS = 4_096;
export const LARGE_CHARS = 8_192;
export const MUCH_CHARS = 24_576;
const OPEN_MS = 10_000;
const SETTLED_MS = 5_000; // a connection that lived less long than this counts as one more failure
const BACKOFF_FIRST_MS = 500;
const BACKOFF_MAX_MS = 15_000;
const FINAL_CODES: Record<number, EndReason> = { 4401: "login", 4403: "forbidden", 4409: "revoked" };

export class LiveSocket {
  #url: string;
  #listener: Listener;
  #socket: WebSocket | null = null;
  #watchdog: ReturnType<typeof setTimeout> | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #ackLater: ReturnType<typeof setTimeout> | undefined;
  #ackTo = 0;
  /** What has come since the last ack. */
  #unacked = 0;
  #ackedAt = Number.NEGATIVE_INFINITY;
  #failures = 0;
  /** How often in a row the server has sent us for the board: another node may answer with one that it has not. */
  #refetches = 0;
  #openedAt = Number.POSITIVE_INFINITY;

  constructor(url: string, listener: Listener) {
    this.#url = url;
    this.#listener = listener;
  }

  open(): void {
    this.#drop();
    this.#listener.link({ state: "connecting" });
    const socket = new WebSocket(this.#url, SUBPROTOCOL);
    this.#socket = socket;
    let opened = false;
    socket.onopen = () => {
      opened = true;
      this.#openedAt = performance.now();
      this.#watch(SILENCE_MS); // after a resume with nothing new, the next beat is the first frame
      this.#hello();
    };
    socket.onmessage = (event) => this.#receive(socket, event.data);
    socket.onclose = (event) => this.#closed(socket, opened, event.code);
    this.#watch(OPEN_MS);
  }

  /** Tries at once: the network came back, or somebody looks at the screen again. */
  reopen(): void {
    this.#failures = 0;
    this.open();
  }

  /** The device says that its network is gone: no need to wait for the silence. */
  lose(): void {
    if (this.#socket !== null) this.#later(true);
  }

  close(): void {
    this.#drop();
  }

  end(reason: EndReason): void {
    this.#drop();
    this.#listener.link({ state: "ended", reason });
  }

  #hello(): void {
    this.#forgetAcks();
    this.#send({ t: "hello", ...this.#listener.resumeFrom() });
  }

  #send(frame: ClientFrame): void {
    if (this.#socket?.readyState === 1) this.#socket.send(JSON.stringify(frame));
  }

  #receive(socket: WebSocket, data: unknown): void {
    if (socket !== this.#socket) return;
    const frame = readFrame(data);
    if (frame === null) return;
    this.#watch(SILENCE_MS);
    if (frame.t === "bye") return; // the close code that follows says what to do
    if (frame.t === "resync") {
      void this.#refetch(socket);
      return;
    }
    if (performance.now() - this.#openedAt > SETTLED_MS) this.#failures = 0;
    if (frame.t !== "beat") this.#refetches = 0;
    this.#take(frame, (data as string).length);
  }

  #take(frame: Exclude<Frame, { t: "bye" | "resync" }>, chars: number): void {
    if (frame.t === "snapshot") {
      this.#listener.snapshot(frame);
      this.#acknowledge(frame.seq, chars);
    } else if (frame.t === "delta") {
      if (!this.#listener.delta(frame)) return this.#later(true);
      this.#acknowledge(frame.to, chars);
    } else {
      this.#listener.beat(frame);
    }
    this.#listener.link({ state: "live" });
  }

  /** The newest stands for all before it, so it is never left out. */
  #acknowledge(to: number, chars: number): void {
    this.#ackTo = to;
    this.#unacked += chars;
    clearTimeout(this.#ackLater);
    const since = performance.now() - this.#ackedAt;
    const little = this.#unacked < LITTLE_CHARS;
    const much = chars >= LARGE_CHARS || this.#unacked >= MUCH_CHARS;
    if (much || since >= (little ? PAUSE_MS : ACK_MS)) this.#sayAck();
    else this.#ackLater = setTimeout(() => this.#sayAck(), little ? ACK_MS : ACK_MS - since);
  }

  #forgetAcks(): void {
    clearTimeout(this.#ackLater);
    this.#ackLater = undefined;
    this.#unacked = 0;
    this.#ackedAt = Number.NEGATIVE_INFINITY;
  }

  #sayAck(): void {
    this.#ackLater = undefined;
    this.#unacked = 0;
    this.#ackedAt = performance.now();
    this.#send({ t: "ack", to: this.#ackTo });
  }

  async #refetch(socket: WebSocket): Promise<void> {
    const again = this.#refetches > 0 ? this.#backoff(this.#refetches - 1) : 0;
    this.#refetches += 1;
    if (again > 0) await new Promise((resolve) => setTimeout(resolve, again));
    if (socket !== this.#socket) return;
    try {
      await this.#listener.refetch();
    } catch {
      if (socket === this.#socket) this.#later(true);
      return;
    }
    if (socket === this.#socket) this.#hello();
  }

  #closed(socket: WebSocket, opened: boolean, code: number): void {
    if (socket !== this.#socket) return;
    const final = FINAL_CODES[code];
    if (final !== undefined) this.end(final);
    else this.#later(opened);
  }

  #later(opened: boolean): void {
    this.#drop();
    this.#retry = setTimeout(() => this.open(), this.#backoff(this.#failures));
    this.#failures += 1;
    this.#listener.link({ state: "waiting", opened });
  }

  /** Half of it is chance: a thousand screens must not come back in the same second. */
  #backoff(failures: number): number {
    const bound = Math.min(BACKOFF_MAX_MS, BACKOFF_FIRST_MS * 2 ** failures);
    return bound / 2 + (Math.random() * bound) / 2;
  }

  #watch(ms: number): void {
    clearTimeout(this.#watchdog);
    this.#watchdog = setTimeout(() => this.#later(true), ms);
  }

  #drop(): void {
    clearTimeout(this.#watchdog);
    clearTimeout(this.#retry);
    this.#forgetAcks();
    const socket = this.#socket;
    this.#socket = null;
    if (socket === null) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }
}
