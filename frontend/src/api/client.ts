/** A small client of the contract's routes. A refusal is an ApiProblem; a broken connection is NotAnswered. */

import type {
  BoardSnapshot,
  MovementAnswer,
  MovementBody,
  Principal,
  ProblemDocument,
  RegionCard,
  ReportAnswer,
  ReportBody,
} from "./types";

/** The server refused, and said why in the language of the page. */
export class ApiProblem extends Error {
  readonly status: number;
  readonly slug: string;
  readonly title: string;
  readonly detail: string;
  readonly document: ProblemDocument;

  constructor(status: number, document: ProblemDocument) {
    super(document.title ?? `HTTP ${status}`);
    this.name = "ApiProblem";
    this.status = status;
    this.slug = document.slug ?? document.type?.split("#")[1] ?? "";
    this.title = document.title ?? `HTTP ${status}`;
    this.detail = document.detail ?? "";
    this.document = document;
  }
}

/** Nothing is known (I1): whatever was asked may have happened. To be repeated with the same id. */
export class NotAnswered extends Error {
  constructor(cause: unknown) {
    super("no answer", { cause });
    this.name = "NotAnswered";
  }
}

const PREFIX = "/api/v1";
const TIMEOUT_MS = 12_000;

export class Client {
  #language: () => string;

  constructor(language: () => string) {
    this.#language = language;
  }

  logIn(login: string, password: string): Promise<Principal> {
    return this.ask<Principal>("POST", "/sessions", { login, password });
  }

  currentSession(): Promise<Principal> {
    return this.ask<Principal>("GET", "/sessions/current");
  }

  async logOut(): Promise<void> {
    await this.ask<unknown>("DELETE", "/sessions/current");
  }

  board(): Promise<BoardSnapshot> {
    return this.ask<BoardSnapshot>("GET", "/board");
  }

  region(): Promise<RegionCard> {
    return this.ask<RegionCard>("GET", "/region");
  }

  report(id: string, body: ReportBody): Promise<ReportAnswer> {
    return this.ask<ReportAnswer>("PUT", `/reports/${id}`, body);
  }

  move(id: string, body: MovementBody): Promise<MovementAnswer> {
    return this.ask<MovementAnswer>("PUT", `/movements/${id}`, body);
  }

  voidMovement(id: string): Promise<MovementAnswer> {
    return this.ask<MovementAnswer>("POST", `/movements/${id}/void`);
  }

  /** What a screen has of its own is asked for by the screen: another page need not carry it. */
  async ask<T>(method: string, path: string, body?: unknown): Promise<T> {
    const headers: Record<string, string> = { Accept: "application/json", "Accept-Language": this.#language() };
    if (body !== undefined) headers["Content-Type"] = "application/json";
    const request: RequestInit = {
      method,
      headers,
      credentials: "same-origin",
      cache: "no-store", // nothing of it stays on a shared phone
      signal: AbortSignal.timeout(TIMEOUT_MS),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    };
    let response: Response;
    let content: unknown;
    try {
      response = await fetch(PREFIX + path, request);
      content = response.status === 204 ? null : await readJson(response);
    } catch (failure) {
      throw new NotAnswered(failure);
    }
    if (response.ok) return content as T;
    throw refusal(response.status, content);
  }
}

/** A gateway's own error page is not an answer of ours: what it stands for is unknown. */
function refusal(status: number, content: unknown): Error {
  const document = typeof content === "object" && content !== null ? (content as ProblemDocument) : null;
  if (document === null && status >= 500) return new NotAnswered(status);
  return new ApiProblem(status, document ?? {});
}

async function readJson(response: Response): Promise<unknown> {
  const text = await response.text();
  if (text === "") return null;
  try {
    return JSON.parse(text) as unknown;
  } catch (failure) {
    if (response.ok) throw failure;
    return null;
  }
}
