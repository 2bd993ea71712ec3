/** The live board of one screen: socket, fold and clock, as state that components read. */

import type { BoardSnapshot, Source, Unit } from "../api/types";
import { readClock, setClock, type Clock } from "./clock";
import { conditionOf, type Condition } from "./connection";
import { applyBeat, applyDelta, applySnapshot, applyUnits, EMPTY, type Board } from "./fold";
import type { Kept } from "./keeping";
import { LiveSocket, type Link } from "./socket";

const TICK_MS = 1_000;
/** Words about age change at most this often: rows are not to be redrawn every second for nothing. */
const STEP_MS = 10_000;
/** Our monotonic clock stands still while a device sleeps, the wall clock does not. */
const SLEPT_MS = 5_000;

export interface Sources {
  board(): Promise<BoardSnapshot>;
  /** Rejects or says false where nobody is logged in. */
  loggedIn(): Promise<boolean>;
}

export class LiveBoard {
  board = $state.raw<Board>(EMPTY);
  #link = $state.raw<Link>({ state: "connecting" });
  #source = $state.raw<Source>("redis");
  #clock = $state.raw<Clock | null>(null);
  #heardAt = $state.raw(performance.now());
  #tick = $state.raw(performance.now());
  #ticked = { wall: Date.now(), monotonic: performance.now() };
  #socket: LiveSocket;
  #sources: Sources;
  #interval: ReturnType<typeof setInterval> | undefined;

  readonly hasData = $derived(this.board.epoch !== null);
  /** Since the server last told us something it was sure of. */
  readonly ageMs = $derived(Math.max(0, this.#tick - this.#heardAt));
  readonly condition: Condition = $derived(conditionOf(this.#link, this.#source, this.hasData, this.ageMs));
  readonly ended = $derived(this.#link.state === "ended" ? this.#link.reason : null);
  readonly #exactNow = $derived(this.#clock === null ? Date.now() : readClock(this.#clock, this.#tick));
  /** The server's time, in steps. */
  readonly nowMs = $derived(Math.floor(this.#exactNow / STEP_MS) * STEP_MS);
  /** To the second, for what runs out while somebody watches. */
  readonly secondMs = $derived(Math.floor(this.#exactNow / TICK_MS) * TICK_MS);

  constructor(path: string, sources: Sources) {
    this.#sources = sources;
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    this.#socket = new LiveSocket(`${scheme}://${location.host}${path}`, {
      resumeFrom: () => ({ after: this.board.epoch ? this.board.to : null, epoch: this.board.epoch || null }),
      snapshot: (frame) => this.#whole(frame),
      delta: (frame) => this.#delta(applyDelta(this.board, frame)),
      beat: (frame) => {
        this.board = applyBeat(this.board, frame.to);
        this.#time(frame.now, frame.live);
      },
      refetch: async () => this.#whole(await this.#sources.board()),
      link: (link) => this.#linked(link),
    });
  }

  start(): () => void {
    this.#socket.open();
    this.#interval = setInterval(() => this.#pulse(), TICK_MS);
    const again = () => void (this.#link.state !== "ended" && this.#socket.reopen());
    const lost = () => this.#socket.lose();
    const seen = () => document.visibilityState === "visible" && this.#pulse();
    addEventListener("online", again);
    addEventListener("offline", lost);
    document.addEventListener("visibilitychange", seen);
    return () => {
      removeEventListener("online", again);
      removeEventListener("offline", lost);
      document.removeEventListener("visibilitychange", seen);
      clearInterval(this.#interval);
      this.#socket.close();
    };
  }

  /** What this device knew last, with its age. Not to be resumed: it is not whole. */
  remember({ now, wall, units, shelters }: Kept): void {
    if (this.hasData) return;
    const passed = Date.now() - wall;
    this.#tick = performance.now();
    this.#clock = setClock(null, new Date(now + passed).toISOString(), this.#tick);
    this.#heardAt = this.#tick - passed;
    this.board = { ...EMPTY, epoch: "", units: byId(units), shelters: byId(shelters) };
  }

  /** From nothing: whoever is logged in now may see other things than before. */
  restart(): void {
    this.board = EMPTY;
    this.#socket.reopen();
  }

  /** States that came as the answer to something this screen did. */
  take(units: Unit[]): void {
    this.board = applyUnits(this.board, units);
  }

  #whole(snapshot: BoardSnapshot): void {
    this.board = applySnapshot(this.board, snapshot);
    this.#time(snapshot.now, snapshot.live);
  }

  #delta(board: Board | null): boolean {
    if (board === null) return false;
    this.board = board;
    this.#heard();
    return true;
  }

  #time(now: string, source: Source): void {
    this.#clock = setClock(this.#clock, now, performance.now());
    this.#source = source;
    this.#heard();
  }

  #heard(): void {
    this.#tick = performance.now();
    if (this.#source !== "lost" || !this.hasData) this.#heardAt = this.#tick;
  }

  #linked(link: Link): void {
    if (link.state !== this.#link.state) this.#link = link;
    if (link.state !== "waiting" || link.opened) return;
    // A refused handshake looks like a lost network; the session tells them apart.
    this.#sources.loggedIn().then(
      (yes) => yes || this.#socket.end("login"),
      () => undefined,
    );
  }

  #pulse(): void {
    const ticked = { wall: Date.now(), monotonic: performance.now() };
    const slept = ticked.wall - this.#ticked.wall - (ticked.monotonic - this.#ticked.monotonic) > SLEPT_MS;
    this.#ticked = ticked;
    this.#tick = ticked.monotonic;
    if (slept && this.#link.state !== "ended") this.#socket.reopen();
  }
}

const byId = <T extends { id: string }>(list: T[]): Map<string, T> => new Map(list.map((one) => [one.id, one]));
