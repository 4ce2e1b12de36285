/** Restricts who may scrape: by bearer token, by user and password, and by address, in any combination. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { BlockList, isIP, isIPv4 } from 'node:net';
import type { Clock } from '../lib/clock.js';
import { metricsError } from '../lib/errors.js';
import type { MetricsWarning } from '../lib/metrics-warning.js';
import { invalidOption } from '../lib/option-names.js';
import { propertiesOf } from '../lib/unknown-values.js';
import { clientAddress } from './client-address.js';
import type { EndpointAnswer, EndpointRequest } from './endpoint.js';
import { tokenFileSource } from './token-file.js';

/** Access rules for a scrape endpoint. Without any of them, everyone who can reach the endpoint may scrape. */
export interface ScrapeAccess {
  /** The required bearer token (RFC 6750). Default: none. */
  token?: string | undefined;
  /**
   * A file that holds the required bearer token. It is read again when it changes. If it is removed, emptied or holds several
   * words, the last token stays valid, with one warning (METRICS_TOKEN_KEPT). Default: none.
   */
  tokenFile?: string | undefined;
  /** The required user and password (RFC 7617). If a token is set too, either is accepted. Default: none. */
  basicAuth?: { readonly username: string; readonly password: string } | undefined;
  /**
   * Addresses and CIDR ranges from which scrapes are accepted, matched against the address of the connection; behind proxies see
   * `trustedProxies`. An IPv4 address mapped to IPv6 (`::ffff:10.0.0.1`) counts as IPv4. Required in addition to the other
   * rules. Default: all addresses.
   */
  allowFrom?: readonly string[] | undefined;
  /**
   * The number of proxies in front of the service, each of which appends to `X-Forwarded-For` the address that connected to it
   * (nginx: `$proxy_add_x_forwarded_for`). `allowFrom` then applies to the address that the outermost of them saw. Set it only
   * if the service cannot be reached without these proxies. Koa's `app.proxy` has no effect. Default: 0, the header is ignored.
   */
  trustedProxies?: number | undefined;
}

/**
 * Makes a check that refuses requests with 401 or 403 and no body, and returns `undefined` for those that may scrape. There
 * is no check if there are no rules.
 * @param where the factory, for messages
 * @param isPage whether a browser asks: it cannot send a bearer token by itself, so the token is accepted as the password of any
 *   user too
 * @throws ERR_METRICS_INVALID_OPTION
 */
export function scrapeAccess(
  where: string,
  access: ScrapeAccess,
  warn: (key: string, warning: () => MetricsWarning) => void,
  clock?: Clock,
  { isPage = false }: { readonly isPage?: boolean } = {},
): ((request: EndpointRequest) => Promise<EndpointAnswer | undefined>) | undefined {
  const { token, tokenFile, basicAuth, allowFrom, trustedProxies = 0 } = access;
  if (!Number.isInteger(trustedProxies) || trustedProxies < 0)
    throw invalidOption(where, 'trustedProxies', 'an integer of 0 or more', trustedProxies);
  const isAllowed = allowFrom === undefined ? undefined : addressCheck(where, allowFrom);
  const tokenOf = tokenSource(where, token, tokenFile, warn, clock);
  const basic = basicAuth === undefined ? undefined : digest(credentials(where, basicAuth));
  if (isAllowed === undefined && tokenOf === undefined && basic === undefined) return undefined;
  const challenges = [
    ...(tokenOf === undefined ? [] : ['Bearer realm="metrics"']),
    ...(basic === undefined && !(isPage && tokenOf !== undefined)
      ? []
      : ['Basic realm="metrics", charset="UTF-8"']),
  ];
  const headers = { 'Cache-Control': 'no-store' };
  return async (request) => {
    if (isAllowed !== undefined && !isAllowed(clientAddress(request, trustedProxies)))
      return { status: 403, headers };
    if (challenges.length === 0) return undefined;
    const authorization = request.header('authorization') ?? '';
    const [, scheme = '', given = ''] = /^(\S+) +(\S+) *$/.exec(authorization) ?? [];
    const isBearer = scheme.toLowerCase() === 'bearer' && tokenOf !== undefined;
    const isBasic = scheme.toLowerCase() === 'basic';
    if (isBearer && isSame(given, digest(await tokenOf()))) return undefined;
    const userAndPassword = isBasic ? Buffer.from(given, 'base64').toString() : '';
    if (isBasic && basic !== undefined && isSame(userAndPassword, basic)) return undefined;
    if (isBasic && isPage && tokenOf !== undefined) {
      const password = userAndPassword.slice(userAndPassword.indexOf(':') + 1);
      if (isSame(password, digest(await tokenOf()))) return undefined;
    }
    return { status: 401, headers: { ...headers, 'WWW-Authenticate': challenges } };
  };
}

/** Digests have the same length, so that the comparison takes constant time. */
function isSame(given: string, expected: Buffer): boolean {
  return timingSafeEqual(digest(given), expected);
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** A function that returns the valid token. The token is never part of an error message. */
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
  const { username, password } = propertiesOf(basicAuth);
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

/** A check whether an address is in the list. An IPv4 address mapped to IPv6 counts as IPv4. */
function addressCheck(where: string, allowFrom: readonly string[]): (address: string) => boolean {
  const list = new BlockList();
  for (const entry of Array.isArray(allowFrom) ? allowFrom : [allowFrom]) {
    const [address = '', prefix, ...more] = unmapped(String(entry)).split('/');
    const family = isIPv4(address) ? 'ipv4' : 'ipv6';
    const maxLength = family === 'ipv4' ? 32 : 128;
    const length = prefix === undefined ? maxLength : Number(prefix);
    if (isIP(address) === 0 || more.length > 0 || !/^\d+$/.test(prefix ?? '0') || length > maxLength)
      throw invalidOption(where, 'allowFrom', 'addresses and CIDR ranges such as 10.0.0.0/8 or ::1', entry);
    list.addSubnet(address, length, family);
  }
  return (given) => {
    const address = unmapped(given.replace(/%.*$/, ''));
    const family = isIP(address);
    return family !== 0 && list.check(address, family === 4 ? 'ipv4' : 'ipv6');
  };
}

/** The IPv4 address of a mapped IPv6 address, which dual-stack sockets report. */
function unmapped(entry: string): string {
  return entry.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, '');
}
