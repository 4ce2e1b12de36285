/** Responses that go on as a session, which lasts as long as the client likes and is no part of the request. */
import type { ServerResponse } from 'node:http';

/**
 * The property of a response with what watches it for its measurements. Here, so that endpoints need not load what measures
 * requests.
 */
export const watched = Symbol('tamma:watched');

interface SessionWatch {
  rawStatus: number;
  close(res: ServerResponse): void;
}

/** Ends the measurements of a request with status 200, as those of a WebSocket handshake end with 101. */
export function becameSession(res: ServerResponse): void {
  const { [watched]: watch } = res as { readonly [watched]?: SessionWatch };
  if (watch === undefined) return;
  watch.rawStatus = 200;
  watch.close(res);
}
