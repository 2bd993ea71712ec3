const minutes = (seconds: number): number => Math.max(1, Math.ceil(seconds / 60));

export const en = {
  title: "Follow a request",
  lead: "With the code on the receipt you see how a request for a place stands. No account, no name.",
  code: "Receipt code",
  show: "Show",
  asking: "One moment…",
  again: "Look again",
  renew: "Still looking for a place",
  renewHint: "The request then stands longer.",
  renewed: "Noted: the request stands longer.",
  other: "Another code",
  state: {
    waiting: "Waiting",
    "place-held": "A place is held",
    arrived: "Arrived",
    closed: "Closed",
  },
  what: {
    waiting: "The request is with the orientation desk. No place is held yet.",
    "place-held": "The orientation desk says where: a receipt never does.",
    arrived: "The shelter has recorded the arrival.",
    closed: "This request is no longer followed. Whoever still looks for a place asks the desk again.",
  },
  asked: (time: string): string => `Asked ${time}.`,
  refreshed: (time: string): string => `Last confirmed ${time}.`,
  until: (time: string): string => `Stands until ${time}.`,
  seen: (time: string): string => `As of ${time}`,
  wrong: "No request has this code. Compare it sign by sign with the receipt, and try again.",
  often: (seconds: number): string =>
    minutes(seconds) === 1
      ? "Too many tries from here. Wait a minute, then try again. The request itself is not touched by this."
      : `Too many tries from here. Wait ${minutes(seconds)} minutes, then try again. The request itself is not touched by this.`,
  over: "The request is closed.",
  unreachable: "No answer. Check the network and try again.",
  private: "The code is not kept on this device. Close the page when you are done.",
};

export type ReceiptWords = typeof en;
