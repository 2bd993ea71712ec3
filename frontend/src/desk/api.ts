/** The routes that only the desk's page asks. */

import type { Client } from "../api/client";
import type {
  CancelReason,
  DeclineReason,
  PlacementView,
  Placed,
  RequestAsked,
  RequestBody,
  RequestEvent,
  RequestView,
  Suggestions,
  UnmetReason,
  Outcome,
} from "../api/orientation";
import type { Amendment } from "./draft";

export interface Closing {
  outcome: Outcome;
  reason: UnmetReason | null;
}

/** What an act on a placement says beside its id. */
export type ActBody =
  | { verb: "extend" | "accept" | "no-show" }
  | { verb: "arrive"; occurred_at: string; sent_at: string }
  | { verb: "decline"; reason: DeclineReason; free?: number }
  | { verb: "cancel"; reason: CancelReason }
  | { verb: "hand-over"; to: string };

export class DeskApi {
  #client: Client;

  constructor(client: Client) {
    this.#client = client;
  }

  async requests(ids: readonly string[]): Promise<RequestView[]> {
    const query = ids.map((id) => `id=${id}`).join("&");
    return (await this.#client.ask<{ requests: RequestView[] }>("GET", `/requests?${query}`)).requests;
  }

  enter(body: RequestBody): Promise<RequestAsked> {
    return this.#client.ask("POST", "/requests", body);
  }

  amend(request: string, id: string, base_version: number, amendment: Amendment): Promise<unknown> {
    return this.#client.ask("PATCH", `/requests/${request}`, { id, base_version, ...amendment });
  }

  take(request: string, id: string, base_version: number): Promise<unknown> {
    return this.#client.ask("POST", `/requests/${request}/take`, { id, base_version });
  }

  refresh(request: string, id: string): Promise<unknown> {
    return this.#client.ask("POST", `/requests/${request}/refresh`, { id });
  }

  pause(request: string, id: string, until: string): Promise<unknown> {
    return this.#client.ask("POST", `/requests/${request}/pause`, { id, until });
  }

  close(request: string, id: string, base_version: number, closing: Closing): Promise<unknown> {
    return this.#client.ask("POST", `/requests/${request}/close`, { id, base_version, ...closing });
  }

  async events(request: string): Promise<RequestEvent[]> {
    return (await this.#client.ask<{ events: RequestEvent[] }>("GET", `/requests/${request}/events`)).events;
  }

  suggestions(request: string, limit: number, all = false): Promise<Suggestions> {
    return this.#client.ask("GET", `/requests/${request}/suggestions?limit=${limit}${all ? "&all=true" : ""}`);
  }

  hold(id: string, request: string, unit: string, replaces: string | null): Promise<Placed> {
    return this.#client.ask("PUT", `/placements/${id}`, { request, unit, replaces });
  }

  act(placement: string, id: string, { verb, ...said }: ActBody): Promise<Placed> {
    return this.#client.ask("POST", `/placements/${placement}/${verb}`, { id, ...said });
  }

  placement(id: string): Promise<PlacementView> {
    return this.#client.ask("GET", `/placements/${id}`);
  }

  /** Those that ended in the last day, the last one first. */
  async ended(): Promise<PlacementView[]> {
    return (await this.#client.ask<{ placements: PlacementView[] }>("GET", "/placements?state=recent")).placements;
  }

  address(placement: string): Promise<{ address: string | null; phone: string | null }> {
    return this.#client.ask("GET", `/placements/${placement}/address`);
  }

  async mustMoves(): Promise<MustMove[]> {
    return (await this.#client.ask<{ must_moves: MustMove[] }>("GET", "/must-moves")).must_moves;
  }
}

export interface MustMove {
  placement: PlacementView;
  why: string;
}
