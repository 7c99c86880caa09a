import { useEffect, useState } from "preact/hooks";
import type { ConsoleChange } from "../contract.js";
import { ApiError, requestText } from "./api.js";

/** `lost`: the stream broke off and is being opened again. `over`: this page belongs to an earlier start. */
export type LiveState = "connecting" | "live" | "lost" | "over";

type Listener = (change: ConsoleChange | "everything") => void;

const listeners = new Set<Listener>();
const stateListeners = new Set<(state: LiveState) => void>();
let state: LiveState = "connecting";

function setState(next: LiveState): void {
  state = next;
  for (const listener of stateListeners) listener(next);
}

function tell(change: ConsoleChange | "everything"): void {
  for (const listener of listeners) listener(change);
}

/** Opens the stream of changes, and opens it again whenever it ends. */
export function goLive(): void {
  const source = new EventSource("/api/events");
  source.addEventListener("open", () => {
    // What happened before the stream was there, or while it was away, isn't told later.
    tell("everything");
    setState("live");
  });
  source.addEventListener("changed", (event) => tell(JSON.parse(event.data) as ConsoleChange));
  source.addEventListener("error", () => {
    if (state !== "over") setState("lost");
    // After an HTTP error the browser gives up by itself; after a broken connection it tries again.
    if (source.readyState === EventSource.CLOSED) void reopen();
  });
}

async function reopen(): Promise<void> {
  try {
    await requestText("/api/project");
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) {
      setState("over");
      tell("everything");
      return;
    }
  }
  setTimeout(goLive, 1000);
}

/** Calls back for every change, until it is unsubscribed. */
export function onChange(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Whether the page is live. */
export function useLiveState(): LiveState {
  const [current, setCurrent] = useState(state);
  useEffect(() => {
    setCurrent(state);
    stateListeners.add(setCurrent);
    return () => {
      stateListeners.delete(setCurrent);
    };
  }, []);
  return current;
}
