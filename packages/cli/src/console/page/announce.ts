const listeners = new Set<(message: string) => void>();

/** Says something to screen readers, in a live region that `Announcer` draws. */
export function announce(message: string): void {
  for (const listener of listeners) listener(message);
}

export function onAnnouncement(listener: (message: string) => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
