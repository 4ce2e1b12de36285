/**
 * One request to a gateway, on a new connection. It uses `node:http`: `instrumentFetch` does not measure it, it follows no
 * redirects, and it shares no connections with the application.
 */
import { Agent, type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { Clock } from '../clock.js';
import { networkErrorCode } from '../error-labels.js';
import { gzipped } from '../exposition/gzipped.js';
import type { PushTarget } from './push-target.js';

export interface GatewayRequest {
  readonly target: PushTarget;
  readonly method: 'PUT' | 'POST' | 'DELETE';
  /** Called after the connection is established, so that nothing is collected for a gateway that is down. */
  readonly body?: (() => AsyncIterable<Buffer>) | undefined;
  readonly gzip?: boolean;
  readonly timeoutMilliseconds: number;
  /** Of the body. */
  readonly contentType?: string | undefined;
  readonly clock: Clock;
  /** Aborts the request. */
  readonly signal?: AbortSignal | undefined;
}

/** Why a request failed. */
export interface GatewayFailure {
  /** A status, or the code of a network error. */
  readonly reason: string;
  /** What happened, as a clause. It includes the answer of the gateway, truncated. */
  readonly message: string;
  readonly cause?: unknown;
}

/** Without keep-alive: pushes are rare, and an idle connection may become stale. */
const agents = { 'http:': new Agent({ keepAlive: false }), 'https:': new HttpsAgent({ keepAlive: false }) };

/** Maximum number of characters of an answer to read, for messages. */
const maxAnswer = 300;

/** Sends the request; `undefined` means that the gateway accepted it. Settles before its timeout. Never rejects. */
export function askGateway(asked: GatewayRequest): Promise<GatewayFailure | undefined> {
  const { target, method, body, contentType, gzip = false, timeoutMilliseconds, clock, signal } = asked;
  return new Promise((resolve) => {
    const ended = new AbortController();
    let request: ClientRequest | undefined;
    const settle = (failure: GatewayFailure | undefined): void => {
      clock.clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
      ended.abort();
      resolve(failure);
      request?.destroy();
    };
    const abort = (): void => settle({ reason: 'aborted', message: 'it was aborted' });
    const timer = clock.setTimeout(() => {
      settle({ reason: 'timeout', message: `it took longer than ${timeoutMilliseconds / 1_000} s` });
    }, timeoutMilliseconds);
    const fail = (error: unknown): void => {
      settle({ reason: networkErrorCode(error), message: messageOf(error), cause: error });
    };
    if (signal?.aborted === true) {
      abort();
      return;
    }
    signal?.addEventListener('abort', abort);
    try {
      const isSecure = target.url.protocol === 'https:';
      request = (isSecure ? httpsRequest : httpRequest)(target.url, {
        method,
        agent: agents[isSecure ? 'https:' : 'http:'],
        headers: headersOf(target, body === undefined ? undefined : contentType, gzip),
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

function headersOf(
  target: PushTarget,
  contentType: string | undefined,
  gzip: boolean,
): Record<string, string> {
  return {
    ...(target.authorization === undefined ? {} : { authorization: target.authorization }),
    ...(contentType === undefined ? {} : { 'content-type': contentType }),
    ...(contentType !== undefined && gzip ? { 'content-encoding': 'gzip' } : {}),
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

/** Writes chunk by chunk, at the speed of the gateway: each is produced when the previous one is written. */
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

/** The failure that an answer reports; `undefined` if the gateway accepted the request. */
async function failureOf(response: IncomingMessage): Promise<GatewayFailure | undefined> {
  const { statusCode: status = 0 } = response;
  if (status >= 200 && status < 300) return undefined;
  const text = await answerOf(response);
  const answer = text === '' ? '' : ` ${JSON.stringify(text)}`;
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
    // An incomplete answer is used as far as it was received.
  }
  const line = text.trim().replace(/\s+/g, ' ');
  return line.length > maxAnswer ? `${line.slice(0, maxAnswer)}...` : line;
}

function messageOf(error: unknown): string {
  const { message, code } = error as { message?: unknown; code?: unknown };
  // If all addresses of a host fail, the error of Node.js has a code and no message.
  return typeof message === 'string' && message !== '' ? message : String(code ?? error);
}
