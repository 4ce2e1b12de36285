/** An HTTP endpoint apart from what serves it: node:http, fetch handlers and Koa ask it and send its answer. */
import type { Readable } from 'node:stream';

export interface EndpointRequest {
  readonly method: string;
  readonly query: URLSearchParams;
  /** Address of the client's connection; `undefined` where the platform does not tell. */
  readonly address: string | undefined;
  /** A header by its name in lower case; the values of one that came several times joined by commas. */
  readonly header: (name: string) => string | undefined;
  readonly connection: AnswerConnection;
}

/** What an answer is sent on, as far as it can be seen. */
export interface AnswerConnection {
  /** Whether it is done with the answer already: nobody reads it. */
  readonly isOver: boolean;
  /** Calls once it is done with the answer, however that came about; soon where it is over already. May call twice. */
  whenOver(listener: () => void): void;
  /** Breaks it off. */
  cutOff(): void;
}

export interface EndpointAnswer {
  readonly status: number;
  /** In the usual spelling. `Vary` is added to what is there. */
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  /** To HEAD, what GET would get. */
  readonly body?: string | Readable;
}

export interface Endpoint {
  /** One path, such as `/metrics`; its last segment may be a parameter, as in `/readyz/:check`. */
  readonly path: string;
  /** Whether case and a slash at the end do not count, where no proxy's rule for the path guards it. Default: they do. */
  readonly isLenient?: boolean;
  answer(request: EndpointRequest, parameter: string): Promise<EndpointAnswer>;
}

/** The answer to any other method than these. */
export function refusedMethod(
  { method }: EndpointRequest,
  methods: readonly string[] = ['GET', 'HEAD'],
): EndpointAnswer | undefined {
  if (methods.includes(method)) return undefined;
  return { status: 405, headers: { Allow: methods.join(', '), 'Cache-Control': 'no-store' } };
}

/** Matches the paths of an endpoint and nothing else. The parameter is a group. */
export function endpointPattern({ path, isLenient = false }: Omit<Endpoint, 'answer'>): RegExp {
  const source = path.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&').replace(/:\w+/g, '([^/]+)');
  return isLenient ? new RegExp(`^${source}/?$`, 'i') : new RegExp(`^${source}$`);
}

/** Gives the endpoint of a path, with its parameter decoded; `undefined` where there is none. */
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

/** A segment of a path; as it is where it cannot be decoded. */
export function decodedSegment(segment = ''): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
