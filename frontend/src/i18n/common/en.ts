import type { Age, Level, Span } from "../../live/freshness";
import type { Admits, Allotment, Flag, OutReason, Status } from "../../api/types";
import type { Condition } from "../../live/connection";

const pad = (minutes: number): string => String(minutes).padStart(2, "0");

function ago(span: Span): string {
  switch (span.unit) {
    case "now":
      return "just now";
    case "minutes":
      return `${span.minutes}\u00a0min ago`;
    case "hours":
      return span.minutes ? `${span.hours}\u00a0h\u00a0${pad(span.minutes)} ago` : `${span.hours}\u00a0h ago`;
    case "days":
      return span.days === 1 ? "1 day ago" : `${span.days} days ago`;
  }
}

const levels: Record<Level, string> = {
  fresh: "fresh",
  ageing: "ageing",
  stale: "stale",
  silent: "silent",
  unconfirmed: "unconfirmed tonight",
  never: "never confirmed",
};

const conditions: Record<Condition, string> = {
  connecting: "Connecting",
  live: "Live",
  journal: "Going on from the journal",
  lost: "The server has lost sight of the inventory",
  quiet: "Connected, no word from the server",
  reconnecting: "Reconnecting",
  ended: "Disconnected",
};

const statuses: Record<Status, string> = {
  open: "open",
  unconfirmed: "unconfirmed tonight",
  "awaiting-report": "awaiting a report",
  closed: "closed",
};

const flags: Record<Flag, string> = {
  "above-capacity": "more free than it has",
  "over-capacity": "over capacity",
  overcommitted: "more held than free",
  "clock-skew": "its clock is wrong",
  stuck: "source repeats itself",
};

const audiences: Record<Admits, string> = {
  men: "men",
  women: "women",
  families: "families",
  minors: "minors",
  everyone: "everyone",
};

const reasons: Record<OutReason, string> = {
  cleaning: "cleaning",
  repair: "repair",
  staff: "too few staff",
  quarantine: "quarantine",
  "kept-for-partner": "kept for a partner",
  other: "other reason",
};

export const en = {
  languageLabel: "Language",
  skip: "Skip to the content",
  home: "Start page",
  ago,
  levels,
  conditions,
  statuses,
  flags,
  audiences,
  reasons,
  confirmed: (age: Age, span: Span | null): string => (span === null ? levels[age.level] : `${age.level === "unconfirmed" ? "last" : "confirmed"} ${ago(span)}`),
  asOf: (time: string): string => `data as of ${time}`,
  lastData: (seconds: number, time: string, since: string): string =>
    seconds < 90 ? `last data ${seconds} s ago` : `last data of ${time}, ${since}`,
  invented: "invented",
  noData: "no data yet",
  night: (dates: string): string => `Night of ${dates}`,
  count: (n: number, of: Allotment): string =>
    of === "room" ? `${n} ${n === 1 ? "room" : "rooms"}` : `${n} ${n === 1 ? "place" : "places"}`,
  back: (n: number, of: Allotment, time: string): string =>
    `${en.count(n, of)} ${n === 1 ? "was" : "were"} out until ${time}: ${n === 1 ? "is it" : "are they"} back?`,
  signIn: {
    title: "Sign in",
    login: "Login",
    password: "Password",
    submit: "Sign in",
    busy: "Signing in…",
    unreachable: "The server did not answer. Check the network and try again.",
    ended: "Your session has ended. Sign in again to go on.",
    refused: "That did not work.",
    out: "Sign out",
    outFailed: "No answer. Sign out again",
    unsent: (n: number): string =>
      `${n} not sent yet. It stays on this phone and is sent when somebody signs in here again. Sign out all the same?`,
  },
  refused: {
    forbidden: "This page is not for your account.",
    revoked: "Your access was withdrawn, or you signed in elsewhere.",
    retry: "Try again",
  },
};

export type CommonWords = typeof en;
