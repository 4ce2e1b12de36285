/** Who may scrape: a bearer token, a user and password, an address, in any combination. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { BlockList, isIP, isIPv4 } from 'node:net';
import type { Clock } from '../lib/clock.js';
import { metricsError, shown } from '../lib/errors.js';
import type { MetricsWarning } from '../lib/metrics-warning.js';
import { clientAddress } from './client-address.js';
import type { EndpointAnswer, EndpointRequest } from './endpoint.js';
import { tokenFileSource } from './token-file.js';

export interface ScrapeAccess {
  /** A bearer token to ask for. */
  token?: string | undefined;
  /**
   * A file that holds the token; read again when it changes. One that is removed, emptied or holds several words leaves the last
   * token in force, and is warned of once (METRICS_TOKEN_KEPT).
   */
  tokenFile?: string | undefined;
  /** A user and password to ask for (RFC 7617). With a token too, either will do. */
  basicAuth?: { readonly username: string; readonly password: string } | undefined;
  /**
   * Addresses and CIDR ranges from which one may scrape, by the address of the connection; behind proxies see `trustedProxies`. An
   * IPv4 address within an IPv6 one (`::ffff:10.0.0.1`) counts as IPv4. Asked for beside the others.
   */
  allowFrom?: readonly string[] | undefined;
  /**
   * How many proxies stand before the service, each of which appends to `X-Forwarded-For` the address that connected to it (nginx:
   * `$proxy_add_x_forwarded_for`). `allowFrom` then looks at the address that the outermost of them saw. Set it only where nobody
   * can reach the service past them. Koa's `app.proxy` plays no part. Default: 0, the header is not read.
   */
  trustedProxies?: number | undefined;
}

/**
 * Answers requests that may not scrape with 401 or 403 and no body to learn from, and gives nothing for those that may.
 * `undefined` where anyone may.
 * @param where the factory, for messages
 * @throws ERR_METRICS_INVALID_OPTION
 */
export function scrapeAccess(
  where: string,
  access: ScrapeAccess,
  warn: (key: string, warning: () => MetricsWarning) => void,
  clock?: Clock,
): ((request: EndpointRequest) => Promise<EndpointAnswer | undefined>) | undefined {
  const { token, tokenFile, basicAuth, allowFrom, trustedProxies = 0 } = access;
  if (!Number.isInteger(trustedProxies) || trustedProxies < 0) {
    throw metricsError(
      'ERR_METRICS_INVALID_OPTION',
      `Invalid \`trustedProxies\` of ${where}: expected an integer of 0 or more, received ${shown(trustedProxies)}.`,
    );
  }
  const isAllowed = allowFrom === undefined ? undefined : addressCheck(where, allowFrom);
  const tokenOf = tokenSource(where, token, tokenFile, warn, clock);
  const basic = basicAuth === undefined ? undefined : digest(credentials(where, basicAuth));
  if (isAllowed === undefined && tokenOf === undefined && basic === undefined) return undefined;
  const challenges = [
    ...(tokenOf === undefined ? [] : ['Bearer realm="metrics"']),
    ...(basic === undefined ? [] : ['Basic realm="metrics", charset="UTF-8"']),
  ];
  const headers = { 'Cache-Control': 'no-store' };
  return async (request) => {
    if (isAllowed !== undefined && !isAllowed(clientAddress(request, trustedProxies)))
      return { status: 403, headers };
    if (challenges.length === 0) return undefined;
    const authorization = request.header('authorization') ?? '';
    const [, scheme = '', given = ''] = /^(\S+) +(\S+) *$/.exec(authorization) ?? [];
    const isBearer = scheme.toLowerCase() === 'bearer' && tokenOf !== undefined;
    const isBasic = scheme.toLowerCase() === 'basic' && basic !== undefined;
    if (isBearer && isSame(given, digest(await tokenOf()))) return undefined;
    if (isBasic && isSame(Buffer.from(given, 'base64').toString(), basic)) return undefined;
    return { status: 401, headers: { ...headers, 'WWW-Authenticate': challenges } };
  };
}

/** Digests have one length, so the comparison tells nothing of what was expected. */
function isSame(given: string, expected: Buffer): boolean {
  return timingSafeEqual(digest(given), expected);
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** Gives the token that is in force. */
function tokenSource(
  where: string,
  token: string | undefined,
  tokenFile: string | undefined,
  warn: (key: string, warning: () => MetricsWarning) => void,
  clock: Clock | undefined,
): (() => Promise<string>) | undefined {
  if (token !== undefined && (typeof token !== 'string' || token === '' || /\s/.test(token))) {
    throw metricsError(
      'ERR_METRICS_INVALID_OPTION',
      `Invalid \`token\` of ${where}: expected a non-empty text without spaces; leave it out to let anyone scrape.`,
    );
  }
  if (tokenFile !== undefined) return tokenFileSource(where, tokenFile, warn, clock);
  return token === undefined ? undefined : async () => token;
}

function credentials(where: string, basicAuth: unknown): string {
  const { username, password } = (typeof basicAuth === 'object' && basicAuth !== null ? basicAuth : {}) as {
    username?: unknown;
    password?: unknown;
  };
  const isUsable =
    typeof username === 'string' &&
    username !== '' &&
    !username.includes(':') &&
    typeof password === 'string' &&
    password !== '';
  if (isUsable) return `${username}:${password}`;
  throw metricsError(
    'ERR_METRICS_INVALID_OPTION',
    `Invalid \`basicAuth\` of ${where}: expected a \`username\` without a colon and a \`password\`, neither empty.`,
  );
}

/** Tells whether an address is among those listed. An IPv4 address in an IPv6 one counts as itself. */
function addressCheck(where: string, allowFrom: readonly string[]): (address: string) => boolean {
  const list = new BlockList();
  for (const entry of Array.isArray(allowFrom) ? allowFrom : [allowFrom]) {
    const [address = '', prefix, ...more] = unmapped(String(entry)).split('/');
    const family = isIPv4(address) ? 'ipv4' : 'ipv6';
    const longest = family === 'ipv4' ? 32 : 128;
    const length = prefix === undefined ? longest : Number(prefix);
    if (isIP(address) === 0 || more.length > 0 || !/^\d+$/.test(prefix ?? '0') || length > longest) {
      throw metricsError(
        'ERR_METRICS_INVALID_OPTION',
        `Invalid \`allowFrom\` of ${where}: expected addresses and CIDR ranges such as 10.0.0.0/8 or ::1, received ${shown(entry)}.`,
      );
    }
    list.addSubnet(address, length, family);
  }
  return (given) => {
    const address = unmapped(given.replace(/%.*$/, ''));
    const family = isIP(address);
    return family !== 0 && list.check(address, family === 4 ? 'ipv4' : 'ipv6');
  };
}

/** An IPv4 address in place of the IPv6 one that holds it, as sockets that take both kinds report it. */
function unmapped(entry: string): string {
  return entry.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, '');
}
