/** An HTTP endpoint, independent of the server: node:http, fetch handlers and Koa call it and send its answer. */
import type { Readable } from 'node:stream';

export interface EndpointRequest {
  readonly method: string;
  readonly query: URLSearchParams;
  /** Address of the client's connection; `undefined` if the platform does not provide it. */
  readonly address: string | undefined;
  /** A header by its lower-case name. Repeated headers are joined by commas. */
  readonly header: (name: string) => string | undefined;
  readonly connection: AnswerConnection;
}

/** The connection on which an answer is sent. */
export interface AnswerConnection {
  /** Whether the connection is done with the answer: it was sent, or will not be read. */
  readonly isOver: boolean;
  /** Calls the listener when the connection is done with the answer, or soon if it is already. May call it twice. */
  whenOver(listener: () => void): void;
  /** Destroys the connection. */
  cutOff(): void;
  /** Whether its server accepts no more connections, and waits for those it has. */
  readonly isServerClosing?: boolean;
  /** Ends the measurement of the request: its answer is a session, which lasts as long as the client likes. */
  becomesSession?(): void;
}

export interface EndpointAnswer {
  readonly status: number;
  /** By their usual spelling. `Vary` is added to an existing header. */
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  /** The body of the response to GET, also if the request is HEAD. */
  readonly body?: string | Readable | undefined;
  /** Whether the body lasts as long as the client likes, so that a client that leaves is no error. Default: false. */
  readonly isSession?: boolean;
}

export interface Endpoint {
  /** A path such as `/metrics`. Its last segment may be a parameter, as in `/readyz/:check`. */
  readonly path: string;
  /** Whether case and a trailing slash are ignored. Not for paths that a proxy may restrict by a rule. Default: false. */
  readonly isLenient?: boolean;
  answer(request: EndpointRequest, parameter: string): Promise<EndpointAnswer>;
}

/** The 405 answer to any method but these; `undefined` for these. */
export function refusedMethod(
  { method }: EndpointRequest,
  methods: readonly string[] = ['GET', 'HEAD'],
): EndpointAnswer | undefined {
  if (methods.includes(method)) return undefined;
  return { status: 405, headers: { Allow: methods.join(', '), 'Cache-Control': 'no-store' } };
}

/** A pattern that matches exactly the paths of an endpoint. The parameter is a capture group. */
export function endpointPattern({ path, isLenient = false }: Omit<Endpoint, 'answer'>): RegExp {
  const source = path.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&').replace(/:\w+/g, '([^/]+)');
  return isLenient ? new RegExp(`^${source}/?$`, 'i') : new RegExp(`^${source}$`);
}

/** Finds the endpoint of a path, with its parameter decoded; `undefined` if there is none. */
export type FindEndpoint = (
  path: string,
) => ((request: EndpointRequest) => Promise<EndpointAnswer>) | undefined;

export function endpointFinder(endpoints: readonly Endpoint[]): FindEndpoint {
  const known = endpoints.map((endpoint) => ({ endpoint, pattern: endpointPattern(endpoint) }));
  return (path) => {
    for (const { endpoint, pattern } of known) {
      const found = pattern.exec(path);
      if (found !== null) return (request) => endpoint.answer(request, decodedSegment(found.at(-1)));
    }
    return undefined;
  };
}

/** A decoded path segment; unchanged if it cannot be decoded. */
export function decodedSegment(segment = ''): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
