/** The contract's JSON shapes, by hand for now: one file, so that the generated one can take its place. */

import type { Mark, PlacementMark } from "./orientation";

/** RFC 3339, UTC. */
export type Instant = string;

export type Status = "open" | "unconfirmed" | "awaiting-report" | "closed";
export type OutReason = "cleaning" | "repair" | "staff" | "quarantine" | "kept-for-partner" | "other";
export type Flag = "above-capacity" | "over-capacity" | "overcommitted" | "clock-skew" | "stuck";
export type Band = "0" | "1-2" | "3+";
export type Admits = "men" | "women" | "families" | "minors" | "everyone";
export type Allotment = "place" | "room";
export type Regime = "night" | "admission";

export interface OutOfService {
  reason: OutReason;
  places: number;
  until: Instant | null;
}

export interface Freshness {
  confirmed_at: Instant | null;
  aging_at: Instant | null;
  stale_at: Instant | null;
  silent_at: Instant | null;
}

/** What was counted for a night that has not begun: at its noon it becomes the count. */
export interface Coming {
  night: string;
  free: number;
  over_by: number;
  at: Instant;
}

interface UnitCommon extends Freshness {
  seq: number;
  id: string;
  shelter: string;
  status: Status;
  /** Whether what is free may be given: where it is confirmed, or where the region's rules do not ask for that. */
  holdable: boolean;
  night: string;
  intake: "open" | "paused";
  intake_until: Instant | null;
}

export interface ExactUnit extends UnitCommon {
  masked?: undefined;
  free: number;
  held: number;
  over_by: number;
  capacity: number;
  out_of_service: OutOfService[];
  confirmed_by: "person" | "feed" | null;
  /** The report that stands. */
  count_report: string | null;
  coming: Coming | null;
  flags: Flag[];
}

/** What others than its staff see of a secret shelter's unit: how many are available, in bands. */
export interface MaskedUnit extends UnitCommon {
  masked: true;
  band: Band;
}

export type Unit = ExactUnit | MaskedUnit;

/** The lasting attributes of a unit. Null means unknown, never no. */
export interface UnitFacts {
  id: string;
  name: string;
  audience: Admits[];
  age_min: number | null;
  age_max: number | null;
  party_min: number;
  party_max: number | null;
  allotment: Allotment;
  room_size: number | null;
  regime: Regime;
  turnover: "nightly" | "continuing";
  step_free: boolean | null;
  pets: boolean | null;
  tolerance: "none" | "supervised" | "open" | null;
  medical_care: boolean | null;
  max_stay_nights: number | null;
  surge: boolean;
  /** When a surge unit closes by itself. */
  expires_at: Instant | null;
}

export interface Shelter {
  seq: number;
  id: string;
  operator: { id: string; name: string };
  name: string;
  commune: string;
  secret: boolean;
  invented: boolean;
  closed: boolean;
  address: string | null;
  location: [number, number] | null;
  phone: string | null;
  languages: string[];
  opens: string | null;
  closes: string | null;
  intake_from: string | null;
  intake_to: string | null;
  units: UnitFacts[];
}

/** Where the server's own view comes from: its live store, the journal behind it, or nowhere just now. */
export type Source = "redis" | "journal" | "lost";

export interface BoardSnapshot {
  epoch: string;
  seq: number;
  now: Instant;
  live: Source;
  units: Unit[];
  shelters: Shelter[];
  requests?: Mark[];
  placements?: PlacementMark[];
  draws?: Mark[];
  plans?: Mark[];
}

/** Longitude and latitude, in degrees. */
export type Position = [number, number];

/** Names by language, in the order in which the region gave them. */
export interface Commune {
  code: string;
  names: Record<string, string>;
  point: Position;
}

export interface RegionMap {
  communes: Commune[];
  /** The polygons of a MultiPolygon; none where only the communes are known. */
  outline: Position[][][];
  attribution: string;
}

/** What a screen is to know of its region. `background` lies below the map; null where nothing does. */
export interface RegionCard {
  id: string;
  slug: string;
  name: string;
  timezone: string;
  map: RegionMap | null;
  background: { style?: string; pmtiles?: string } | null;
}

/** Without `free` it states facts only: it is no count, and makes none fresh. */
export interface ReportLine {
  unit: string;
  free?: number;
  over_by?: number;
  out_of_service?: OutOfService[];
  intake?: { state: "open" | "paused"; until?: Instant };
  base_seq?: number;
}

export interface ReportBody {
  shelter: string;
  observed_at: Instant;
  sent_at: Instant;
  night: string;
  units: ReportLine[];
}

export type Outcome = "applied" | "coming" | "superseded" | "pinned" | "repeated";

export interface ReportAnswer {
  report: string;
  repeated: boolean;
  units: { unit: string; outcome: Outcome; state: ExactUnit }[];
}

/** People came in or left. `counted_in` is the report that includes them already. */
export interface MovementBody {
  unit: string;
  direction: "in" | "out";
  places: number;
  occurred_at: Instant;
  sent_at: Instant;
  /** Whose arrival it is, where they were announced. */
  placement?: string;
  counted_in?: string;
}

export interface MovementAnswer {
  movement: string;
  outcome: "counted" | "included" | "earlier" | "voided";
  state: ExactUnit;
}

export type Role = "staff" | "desk" | "supervisor" | "administrator" | "machine" | "public";

export interface Principal {
  id: string;
  role: Role;
  shelters?: string[];
  language?: string | null;
}

/** RFC 9457, with the facts of the occurrence as further members. */
export interface ProblemDocument {
  type?: string;
  slug?: string;
  title?: string;
  status?: number;
  detail?: string;
  [fact: string]: unknown;
}
