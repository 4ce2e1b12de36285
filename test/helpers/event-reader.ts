/** Reads the events of a dashboard. */
import type { FeedEvent, FeedEvents } from '../../lib/history/feed.js';

export interface EventReader {
  readonly response: Response;
  /** Everything received so far. */
  text(): string;
  /** The next event of a name, which events of other names do not count as. */
  next<Name extends keyof FeedEvents>(name: Name): Promise<FeedEvents[Name]>;
  /** The names of the events received so far, in order. */
  names(): readonly string[];
  /** Resolves when the server ends the stream. */
  readonly ended: Promise<void>;
  close(): void;
}

export async function readEvents(url: string, headers: Record<string, string> = {}): Promise<EventReader> {
  const abort = new AbortController();
  const response = await fetch(url, { headers, signal: abort.signal });
  let text = '';
  const events: FeedEvent[] = [];
  const waiting = new Set<() => void>();
  const names: string[] = [];
  const take = (block: string): void => {
    const [, event, data] = /^event: (\w+)\ndata: (.*)$/s.exec(block) ?? [];
    if (event === undefined || data === undefined) return;
    names.push(event);
    events.push({ event, data: JSON.parse(data) } as FeedEvent);
    for (const look of [...waiting]) look();
  };
  const ended = (async () => {
    let pending = '';
    try {
      for await (const chunk of response.body ?? []) {
        const part = Buffer.from(chunk).toString();
        text += part;
        pending += part;
        const blocks = pending.split('\n\n');
        pending = blocks.pop() ?? '';
        for (const block of blocks) take(block);
      }
    } catch {
      // Closed by this side, or disconnected by the server.
    }
  })();
  return {
    response,
    text: () => text,
    names: () => names,
    ended,
    close: () => abort.abort(),
    next: <Name extends keyof FeedEvents>(name: Name) =>
      new Promise<FeedEvents[Name]>((resolve, reject) => {
        const look = (): void => {
          const index = events.findIndex(({ event }) => event === name);
          if (index < 0) return;
          waiting.delete(look);
          const [found] = events.splice(0, index + 1).slice(-1);
          resolve(found?.data as FeedEvents[Name]);
        };
        waiting.add(look);
        look();
        void ended.then(() => reject(new Error(`The stream ended before an event \`${name}\`.`)));
      }),
  };
}
