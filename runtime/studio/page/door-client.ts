import type { ErrorAnswer, FeedLine } from "../answers.js";

/** The door has refused something. */
export class DoorError extends Error {
  readonly code: string;

  constructor(code: string, message: string, cause?: unknown) {
    super(message, { cause });
    this.name = "DoorError";
    this.code = code;
  }
}

/** Whether the door is there, and lets us in. */
export type DoorState = "connecting" | "open" | "lost" | "locked";

/** Asks the server that the page came from. */
export class DoorClient {
  /** Told whenever the door opens or closes. */
  onState: (state: DoorState) => void = () => {};
  #token = readToken();
  #state: DoorState = "connecting";

  get state(): DoorState {
    return this.#state;
  }

  /** @param token is kept as long as the tab is open */
  unlock(token: string): void {
    this.#token = token;
    sessionStorage.setItem(tokenKey, token);
  }

  /** @throws DoorError */
  get<T>(path: string, signal?: AbortSignal): Promise<T> {
    return this.#ask<T>(path, signal === undefined ? {} : { signal });
  }

  /** @throws DoorError */
  async post(path: string, body: object): Promise<void> {
    const headers = { "Content-Type": "application/json" };
    await this.#ask(path, { method: "POST", headers, body: JSON.stringify(body) });
  }

  /** Reads messages until it is told to stop. Where the door is lost it tries again, and says so. */
  async watch(query: URLSearchParams, take: (lines: readonly FeedLine[]) => void, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        const response = await this.#fetch(`messages?${query}`, { signal });
        await readLines(response, take);
      } catch (error) {
        if (error instanceof DoorError && error.code === "invalid_argument") {
          throw error;
        }
      }
      await pause(retryMs, signal);
    }
  }

  async #ask<T>(path: string, options: RequestInit): Promise<T> {
    return (await (await this.#fetch(path, options)).json()) as T;
  }

  async #fetch(path: string, options: RequestInit): Promise<Response> {
    let response: Response;
    try {
      const authorization: Record<string, string> =
        this.#token === "" ? {} : { Authorization: `Bearer ${this.#token}` };
      response = await fetch(`api/${path}`, {
        ...options,
        headers: { ...(options.headers as Record<string, string> | undefined), ...authorization },
        cache: "no-store",
        credentials: "omit",
      });
    } catch (cause) {
      if (options.signal?.aborted !== true) {
        this.#enter("lost");
      }
      throw new DoorError("unavailable", "the server does not answer", cause);
    }
    if (!response.ok) {
      const { error } = (await response.json().catch(() => ({}))) as Partial<ErrorAnswer>;
      const { code = "internal", message = `the server answered ${response.status}` } = error ?? {};
      this.#enter(code === "unauthenticated" ? "locked" : code === "unavailable" ? "lost" : "open");
      throw new DoorError(code, message);
    }
    this.#enter("open");
    return response;
  }

  #enter(state: DoorState): void {
    if (this.#state !== state) {
      this.#state = state;
      this.onState(state);
    }
  }
}

async function readLines(response: Response, take: (lines: readonly FeedLine[]) => void): Promise<void> {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = (await reader?.read()) ?? { value: undefined, done: true };
    if (done || value === undefined) {
      return;
    }
    const parts = (rest + value).split("\n");
    rest = parts.pop() ?? "";
    take(parts.filter((part) => part !== "").map((part) => JSON.parse(part) as FeedLine));
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, signal.aborted ? 0 : ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

/** `#token=…` hands it over, and is taken out of the address at once; else it is what the tab was told before. */
function readToken(): string {
  const [, given] = /^#token=(.+)$/.exec(location.hash) ?? [];
  if (given !== undefined) {
    sessionStorage.setItem(tokenKey, decodeURIComponent(given));
    history.replaceState(null, "", location.pathname);
  }
  return sessionStorage.getItem(tokenKey) ?? "";
}

const tokenKey = "nanowire.studio.token";
const retryMs = 1_000;
