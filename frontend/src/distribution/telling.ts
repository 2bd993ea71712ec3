/** What the panels of distribution say alike. */

import { sharingWords } from "../i18n/sharing";
import type { Language } from "../i18n/languages";
import type { Summary } from "./shapes";

/** Tiers count from 0; the one after the last that the rules name is for everybody else. */
export function tierName(tier: number, tiers: number): string {
  const words = sharingWords();
  return tier >= tiers - 1 ? words.lastTier : words.tier(tier + 1);
}

/** How many whole points of fit a plan might still win for the same people; what rounding leaves is none. */
export function pointsLeft({ fit, fit_bound }: Pick<Summary, "fit" | "fit_bound">): number {
  return Math.max(0, Math.ceil(fit_bound - fit - 0.01));
}

/** By how many people of each tier a plan differs that moves whomever it must; tiers where it does not are left out. */
export function besides({ tiers, fresh }: Pick<Summary, "tiers" | "fresh">): [tier: number, people: number][] {
  return tiers.map(({ tier, placed }): [number, number] => [tier, (fresh?.placed[tier] ?? placed) - placed]).filter(([, people]) => people !== 0);
}

/** A share as a number of percent, without more digits than tell something. */
export function percent(language: Language, share: number): string {
  const digits = share === 0 || share >= 0.1 ? 0 : share >= 0.001 ? 1 : 3;
  const text = (share * 100).toFixed(digits);
  return language === "en" ? text : text.replace(".", ",");
}
