/** Who may scrape: a bearer token, a user and password, an address, in any combination. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { BlockList, isIP, isIPv4 } from 'node:net';
import { metricsError, shown } from '../lib/errors.js';
import type { EndpointAnswer, EndpointRequest } from './endpoint.js';

export interface ScrapeAccess {
  /** A bearer token to ask for. */
  token?: string | undefined;
  /** A file that holds the token; read again when it changes. A change that cannot be read leaves the last token in force. */
  tokenFile?: string | undefined;
  /** A user and password to ask for (RFC 7617). With a token too, either will do. */
  basicAuth?: { readonly username: string; readonly password: string } | undefined;
  /** Addresses and CIDR ranges from which one may scrape. Asked for beside the others. */
  allowFrom?: readonly string[] | undefined;
}

/** Milliseconds between two looks at the token's file. */
const lookEvery = 1_000;

/**
 * Answers requests that may not scrape with 401 or 403 and no body to learn from, and gives nothing for those that may.
 * `undefined` where anyone may.
 * @param where the factory, for messages
 * @throws ERR_METRICS_INVALID_OPTION
 */
export function scrapeAccess(
  where: string,
  access: ScrapeAccess,
): ((request: EndpointRequest) => Promise<EndpointAnswer | undefined>) | undefined {
  const { token, tokenFile, basicAuth, allowFrom } = access;
  const isAllowed = allowFrom === undefined ? undefined : addressCheck(where, allowFrom);
  const tokenOf = tokenSource(where, token, tokenFile);
  const basic = basicAuth === undefined ? undefined : digest(credentials(where, basicAuth));
  if (isAllowed === undefined && tokenOf === undefined && basic === undefined) return undefined;
  const challenges = [
    ...(tokenOf === undefined ? [] : ['Bearer realm="metrics"']),
    ...(basic === undefined ? [] : ['Basic realm="metrics", charset="UTF-8"']),
  ];
  const headers = { 'Cache-Control': 'no-store' };
  return async (request) => {
    if (isAllowed !== undefined && !isAllowed(request.address ?? '')) return { status: 403, headers };
    if (challenges.length === 0) return undefined;
    const authorization = request.header('authorization') ?? '';
    const [, scheme = '', given = ''] = /^(\S+) +(\S+) *$/.exec(authorization) ?? [];
    const isBearer = scheme.toLowerCase() === 'bearer' && tokenOf !== undefined;
    const isBasic = scheme.toLowerCase() === 'basic' && basic !== undefined;
    if (isBearer && isSame(given, await tokenOf())) return undefined;
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

/** Gives the digest of the token that is in force. */
function tokenSource(
  where: string,
  token: string | undefined,
  tokenFile: string | undefined,
): (() => Promise<Buffer>) | undefined {
  if (token !== undefined && (typeof token !== 'string' || token === '' || /\s/.test(token))) {
    throw metricsError(
      'ERR_METRICS_INVALID_OPTION',
      `Invalid \`token\` of ${where}: expected a non-empty text without spaces; leave it out to let anyone scrape.`,
    );
  }
  if (tokenFile === undefined) {
    if (token === undefined) return undefined;
    const expected = digest(token);
    return async () => expected;
  }
  let current = digest(tokenIn(where, tokenFile));
  let seen = versionOf(statSync(tokenFile));
  let lookedAt = Date.now();
  return async () => {
    if (Date.now() - lookedAt < lookEvery) return current;
    lookedAt = Date.now();
    try {
      const version = versionOf(await stat(tokenFile));
      if (version === seen) return current;
      const text = (await readFile(tokenFile, 'utf8')).trim();
      if (text === '') return current;
      current = digest(text);
      seen = version;
    } catch {
      // Gone or unreadable for a moment, as when it is replaced: the last token stays in force.
    }
    return current;
  };
}

function tokenIn(where: string, file: string): string {
  let text = '';
  try {
    text = readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw metricsError(
      'ERR_METRICS_INVALID_OPTION',
      `Invalid \`tokenFile\` of ${where}: expected a file that can be read, received ${shown(file)}: ${(error as Error).message}.`,
      { cause: error },
    );
  }
  if (text !== '' && !/\s/.test(text)) return text;
  throw metricsError(
    'ERR_METRICS_INVALID_OPTION',
    `Invalid \`tokenFile\` of ${where}: expected a file that holds one token, received ${shown(file)}, which ${text === '' ? 'is empty' : 'holds several words'}.`,
  );
}

function versionOf({ mtimeMs, size, ino }: { mtimeMs: number; size: number; ino: number }): string {
  return `${mtimeMs} ${size} ${ino}`;
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
    const [address = '', prefix, ...more] = String(entry).split('/');
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
    const address = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(given)?.[1] ?? given;
    const family = isIP(address);
    return family !== 0 && list.check(address, family === 4 ? 'ipv4' : 'ipv6');
  };
}
