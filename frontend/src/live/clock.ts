/**
 * The server's time on this screen: the last `now` it told us, carried on by our own monotonic clock.
 *
 * A demonstration may run faster than the world. Its speed is believed once two stretches in a row agree on it, so
 * that a single jump of the clock is taken as a jump.
 */

export interface Clock {
  readonly serverMs: number;
  readonly monotonicMs: number;
  readonly speed: number;
  readonly lastStretch: number;
}

const STRETCH_MIN_MS = 2_000; // shorter, and the network's jitter is all that would be measured
const AGREEMENT = 0.1;

export function startClock(now: string, monotonicMs: number): Clock {
  return { serverMs: Date.parse(now), monotonicMs, speed: 1, lastStretch: 1 };
}

export function readClock(clock: Clock, monotonicMs: number): number {
  return clock.serverMs + (monotonicMs - clock.monotonicMs) * clock.speed;
}

export function setClock(clock: Clock | null, now: string, monotonicMs: number): Clock {
  const serverMs = Date.parse(now);
  if (Number.isNaN(serverMs)) return clock ?? startClock(new Date().toISOString(), monotonicMs);
  if (clock === null) return startClock(now, monotonicMs);
  const passed = monotonicMs - clock.monotonicMs;
  if (passed < STRETCH_MIN_MS) return { ...clock, serverMs, monotonicMs };
  const stretch = (serverMs - clock.serverMs) / passed;
  return { serverMs, monotonicMs, speed: nextSpeed(clock, stretch), lastStretch: stretch };
}

function nextSpeed(clock: Clock, stretch: number): number {
  if (stretch <= 0) return clock.speed;
  if (near(stretch, 1)) return 1;
  return near(stretch, clock.lastStretch) ? stretch : clock.speed;
}

const near = (a: number, b: number): boolean => Math.abs(a - b) <= AGREEMENT * Math.abs(b);
