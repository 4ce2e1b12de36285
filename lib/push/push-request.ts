/**
 * One request to a gateway, with a connection of its own: through `node:http`, since requests of `fetch` are what
 * `instrumentFetch` measures, and since that neither follows redirects nor shares its connections with the app.
 */
import { Agent, type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { pipeline, Readable } from 'node:stream';
import { constants, createGzip } from 'node:zlib';
import type { Clock } from '../clock.js';
import { networkErrorCode } from '../error-labels.js';
import { textContentType } from '../exposition/text.js';
import type { PushTarget } from './push-target.js';

export interface GatewayRequest {
  readonly target: PushTarget;
  readonly method: 'PUT' | 'POST' | 'DELETE';
  /** Asked once there is a connection: a gateway that is down costs no collecting and no encoding. */
  readonly body?: (() => AsyncIterable<Buffer>) | undefined;
  readonly gzip?: boolean;
  readonly timeoutMilliseconds: number;
  readonly clock: Clock;
  /** Ends the request at once. */
  readonly signal?: AbortSignal | undefined;
}

/** Why a request failed. */
export interface GatewayFailure {
  /** One of few words: a status, or the code of a network error. */
  readonly reason: string;
  /** What happened, to go on with after "because"; it holds what the gateway answered, shortened. */
  readonly message: string;
  readonly cause?: unknown;
}

/** A connection for each request: between two of them nothing is held, and none can have gone stale. */
const agents = { 'http:': new Agent({ keepAlive: false }), 'https:': new HttpsAgent({ keepAlive: false }) };

/** Characters of an answer that are read, for messages. */
const maxAnswer = 300;

/** Sends the request; `undefined` means that it was accepted. Never rejects, and settles within its time. */
export function askGateway(asked: GatewayRequest): Promise<GatewayFailure | undefined> {
  const { target, method, body, gzip = false, timeoutMilliseconds, clock, signal } = asked;
  return new Promise((resolve) => {
    const ended = new AbortController();
    let request: ClientRequest | undefined;
    const settle = (failure: GatewayFailure | undefined): void => {
      clock.clearTimeout(timer);
      signal?.removeEventListener('abort', giveUp);
      ended.abort();
      resolve(failure);
      request?.destroy();
    };
    const giveUp = (): void => settle({ reason: 'aborted', message: 'it was given up' });
    const timer = clock.setTimeout(() => {
      settle({ reason: 'timeout', message: `it took longer than ${timeoutMilliseconds / 1_000} s` });
    }, timeoutMilliseconds);
    const fail = (error: unknown): void => {
      settle({ reason: networkErrorCode(error), message: messageOf(error), cause: error });
    };
    if (signal?.aborted === true) {
      giveUp();
      return;
    }
    signal?.addEventListener('abort', giveUp);
    try {
      const isSecure = target.url.protocol === 'https:';
      request = (isSecure ? httpsRequest : httpRequest)(target.url, {
        method,
        agent: agents[isSecure ? 'https:' : 'http:'],
        headers: headersOf(target, body !== undefined, gzip),
      });
      request.on('error', fail);
      request.on('response', (response) => void failureOf(response).then(settle, fail));
      if (body === undefined) request.end();
      else sendOnceConnected(request, isSecure, () => (gzip ? gzipped(body()) : body()), ended.signal, fail);
    } catch (error) {
      fail(error);
    }
  });
}

function headersOf(target: PushTarget, hasBody: boolean, gzip: boolean): Record<string, string> {
  return {
    ...(target.authorization === undefined ? {} : { authorization: target.authorization }),
    ...(hasBody ? { 'content-type': textContentType } : {}),
    ...(hasBody && gzip ? { 'content-encoding': 'gzip' } : {}),
  };
}

function sendOnceConnected(
  request: ClientRequest,
  isSecure: boolean,
  body: () => AsyncIterable<Buffer>,
  ended: AbortSignal,
  fail: (error: unknown) => void,
): void {
  request.once('socket', (socket) => {
    socket.once(isSecure ? 'secureConnect' : 'connect', () => void send(request, body, ended).catch(fail));
  });
}

/** Chunk by chunk, as fast as the gateway takes them: none is made before there is room for it. */
async function send(
  request: ClientRequest,
  body: () => AsyncIterable<Buffer>,
  ended: AbortSignal,
): Promise<void> {
  for await (const chunk of body()) {
    if (ended.aborted) return;
    if (!request.write(chunk)) await drained(request, ended);
  }
  if (!ended.aborted) request.end();
}

function drained(request: ClientRequest, ended: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      request.off('drain', done);
      ended.removeEventListener('abort', done);
      resolve();
    };
    request.once('drain', done);
    ended.addEventListener('abort', done);
    if (ended.aborted) done();
  });
}

/** In the thread pool, and for speed. */
function gzipped(body: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
  const gzip = createGzip({ level: constants.Z_BEST_SPEED });
  // Whatever ends one of them ends the other; errors come out of the last one.
  pipeline(Readable.from(body), gzip, () => {});
  return gzip;
}

/** What an answer says: nothing, where the gateway has accepted. */
async function failureOf(response: IncomingMessage): Promise<GatewayFailure | undefined> {
  const { statusCode: status = 0 } = response;
  if (status >= 200 && status < 300) return undefined;
  const said = await answerOf(response);
  const answer = said === '' ? '' : ` ${JSON.stringify(said)}`;
  const redirect = status >= 300 && status < 400 ? ', a redirect, which is not followed' : '';
  return { reason: String(status), message: `it answered ${status}${answer}${redirect}` };
}

async function answerOf(response: IncomingMessage): Promise<string> {
  let text = '';
  response.setEncoding('utf8');
  try {
    for await (const chunk of response) {
      text += chunk;
      if (text.length > maxAnswer) break;
    }
  } catch {
    // An answer that breaks off says what it has said so far.
  }
  const line = text.trim().replace(/\s+/g, ' ');
  return line.length > maxAnswer ? `${line.slice(0, maxAnswer)}...` : line;
}

function messageOf(error: unknown): string {
  const { message, code } = error as { message?: unknown; code?: unknown };
  // Where all addresses of a host fail, Node tells the code alone.
  return typeof message === 'string' && message !== '' ? message : String(code ?? error);
}
