/** The words of what is opened beside the queue now and then: a shelter's report, who is to be moved, and the keys. */

export const en = {
  report: {
    find: "Shelter or unit",
    hint: "Type a few letters, then choose.",
    none: "No unit has such a name.",
    free: "Free, as they say",
    now: (what: string): string => `On the board: ${what}`,
    submit: (n: string, where: string): string => `Report ${n} free: ${where}`,
    done: (n: number, where: string): string => `Recorded: ${n} free, ${where}.`,
    older: (where: string): string => `A newer report counts for ${where}. Yours is kept, and changes nothing.`,
    moved: "The unit changed meanwhile. Look at the number, and say yours again.",
    another: "Another",
  },
  moves: {
    unknown: "Who has to be moved cannot be asked just now. It is being asked again.",
    lead: "Units that closed, or said fewer free than are held. The latest promise stands first; the oldest is kept longest.",
    none: "Nobody has to be moved.",
    why: { closed: "the unit closed", overcommitted: "more held than free" } as Record<string, string>,
    look: "Look for another place",
  },
  keys: {
    use: "Single keys do something",
    lead: "They work while you are not typing. Nothing is held, closed or cancelled by a single key.",
    list: {
      n: "new request",
      q: "to the queue",
      j: "next request in the queue",
      k: "the one before",
      d: "to what has to be done: the household",
      "1–9": "to that suggestion; Enter then holds it",
      r: "report for a shelter",
      m: "households to be moved",
      t: "the draw",
      p: "the plan of the whole queue",
      o: "the rules of orientation",
      "?": "this list",
      Escape: "back to the queue",
    },
    signs: "Signs in the queue",
    signList: {
      back: "a shelter declined, nobody came, or the hold ran out: it waits again",
      silent: "the shelter has not answered in time: telephone",
    },
  },
};

export type AsideWords = typeof en;
