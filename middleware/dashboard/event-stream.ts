/** A stream of server-sent events to one page. */
import { Readable } from 'node:stream';
import { type Clock, repeat } from '../../lib/clock.js';
import type { FeedEvent } from '../../lib/history/feed.js';
import type { AnswerConnection } from '../endpoint.js';

/** Bytes that may wait for a slow page before it is disconnected: it connects again, and gets everything anew. */
const maxWaiting = 8 * 2 ** 20;

/** Milliseconds between two comment lines, by which both sides notice a dead connection. */
const heartbeatMilliseconds = 15_000;

/** Milliseconds between two looks whether the server is closing. */
const lookMilliseconds = 1_000;

export interface EventStream {
  readonly body: Readable;
  send(event: FeedEvent): void;
  /** Ends the stream; the page connects again. */
  end(): void;
}

/** @param onClose called once, when the page or the server has ended the stream */
export function eventStream(connection: AnswerConnection, clock: Clock, onClose: () => void): EventStream {
  const body = new Readable({ read() {} });
  let isOpen = true;
  let sinceHeartbeat = 0;
  const write = (text: string): void => {
    if (!isOpen) return;
    body.push(text);
    if (body.readableLength > maxWaiting) body.destroy();
  };
  const end = (): void => {
    if (isOpen && !body.destroyed) body.push(null);
    close();
  };
  const endLooks = repeat(clock, lookMilliseconds, () => {
    // A closing server waits for its responses.
    if (connection.isServerClosing === true) end();
    sinceHeartbeat += lookMilliseconds;
    if (sinceHeartbeat < heartbeatMilliseconds) return;
    sinceHeartbeat = 0;
    write(':\n\n');
  });
  const close = (): void => {
    if (!isOpen) return;
    isOpen = false;
    endLooks();
    onClose();
  };
  body.once('close', close);
  connection.whenOver(() => {
    close();
    body.destroy();
  });
  write('retry: 2000\n\n');
  return {
    body,
    // JSON has no line breaks, which would end the data.
    send: ({ event, data }) => write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`),
    end,
  };
}
