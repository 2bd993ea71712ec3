/**
 * What this device keeps: ids and numbers of places, and nothing about people (I9), nor who is signed in.
 *
 * In IndexedDB, which survives a closed page and an empty battery; in memory where a browser has none to give.
 */

const NAME = "halte";
const PARTS = ["outbox", "told", "board"] as const;

export type Part = (typeof PARTS)[number];
/** `undefined` takes the key away. */
export type Change = [part: Part, key: string, value: unknown];

export class Store {
  #db: IDBDatabase | null;
  #memory = new Map<Part, Map<string, unknown>>(PARTS.map((part) => [part, new Map()]));

  constructor(db: IDBDatabase | null) {
    this.#db = db;
  }

  /** False where closing the page loses everything. */
  get lasting(): boolean {
    return this.#db !== null;
  }

  async all<T>(part: Part): Promise<T[]> {
    if (this.#db !== null) {
      const asked = this.#db.transaction(part).objectStore(part).getAll() as IDBRequest<T[]>;
      return new Promise((resolve, reject) => {
        asked.onsuccess = () => resolve(asked.result);
        asked.onerror = () => reject(asked.error);
      });
    }
    return [...this.#memory.get(part)!.values()] as T[];
  }

  /** All of them or none. `strict`: on the disk when it returns, whatever becomes of the device. */
  async write(changes: Change[], durability: IDBTransactionDurability = "relaxed"): Promise<void> {
    try {
      if (this.#db !== null) return await written(this.#db, changes, durability);
    } catch {
      this.#db = null; // the disk is full, or the browser took it away: from here on in memory
    }
    for (const [part, key, value] of changes) {
      if (value === undefined) this.#memory.get(part)!.delete(key);
      else this.#memory.get(part)!.set(key, value);
    }
  }

  async empty(...parts: Part[]): Promise<void> {
    for (const part of parts) this.#memory.get(part)!.clear();
    if (this.#db === null) return;
    const work = this.#db.transaction(parts, "readwrite");
    for (const part of parts) work.objectStore(part).clear();
    await ended(work);
  }
}

function written(db: IDBDatabase, changes: Change[], durability: IDBTransactionDurability): Promise<void> {
  const parts = changes.map(([part]) => part);
  const work = db.transaction(parts, "readwrite", { durability });
  for (const [part, key, value] of changes) {
    const kept = work.objectStore(part);
    if (value === undefined) kept.delete(key);
    else kept.put(value, key);
  }
  return ended(work);
}

function ended(work: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    work.oncomplete = () => resolve();
    work.onabort = () => reject(work.error);
  });
}

function open(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const asked = indexedDB.open(NAME, 1);
    asked.onupgradeneeded = () => PARTS.forEach((part) => asked.result.createObjectStore(part));
    asked.onsuccess = () => {
      asked.result.onversionchange = () => asked.result.close();
      resolve(asked.result);
    };
    asked.onerror = () => reject(asked.error);
  });
}

let opened: Promise<Store> | undefined;

/** The one store of this page. */
export function store(): Promise<Store> {
  opened ??= Promise.resolve()
    .then(open)
    .then((db) => new Store(db))
    .catch(() => new Store(null));
  return opened;
}
