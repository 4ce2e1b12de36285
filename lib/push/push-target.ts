/** Where a push goes: the gateway's address, the grouping key in the path, and what shows who pushes. */
import { metricsError, shown } from '../errors.js';

/** Credentials of HTTP basic authentication. @see https://www.rfc-editor.org/rfc/rfc7617 */
export interface BasicAuth {
  /** User name, without a colon. */
  readonly username: string;
  /** Password. Never shown in messages. */
  readonly password: string;
}

export interface PushTargetOptions {
  readonly url: string | URL;
  readonly job: string;
  /** Labels of the grouping key beside `job`. */
  readonly grouping: Readonly<Record<string, string>>;
  readonly basicAuth?: BasicAuth | undefined;
  readonly token?: string | undefined;
}

export interface PushTarget {
  /** The address of the group. It holds no credentials. */
  readonly url: URL;
  /** What labels and messages name the gateway by: scheme, host and path, without credentials and grouping. */
  readonly name: string;
  /** Value of the `Authorization` header. */
  readonly authorization: string | undefined;
}

/** @throws ERR_METRICS_INVALID_OPTION; no message shows a credential */
export function pushTarget({ url, job, grouping, basicAuth, token }: PushTargetOptions): PushTarget {
  const base = gatewayUrl(url);
  const authorization = authorizationOf(base, basicAuth, token);
  base.username = '';
  base.password = '';
  const name = base.href.replace(/\/+$/, '');
  return { url: new URL(`${name}/metrics${groupingPath(job, grouping)}`), name, authorization };
}

/**
 * The grouping key as the Pushgateway's paths have it: `/job/<job>/<label>/<value>`. A value of other than letters,
 * digits and `_~:.-` goes as URL-safe base64 (`/<label>@base64/<value>`): a slash or an empty value could not stand in a
 * path, `..` would be resolved, and proxies on the way read escapes in ways of their own.
 */
export function groupingPath(job: string, grouping: Readonly<Record<string, string>>): string {
  return [['job', job] as const, ...Object.entries(grouping)]
    .map(([label, value]) =>
      isPlain(value) ? `/${label}/${value}` : `/${label}@base64/${urlSafeBase64(value)}`,
    )
    .join('');
}

function isPlain(value: string): boolean {
  return /^[\w~:.-]+$/.test(value) && !/^\.+$/.test(value);
}

function urlSafeBase64(value: string): string {
  // One `=` stands for nothing at all; elsewhere the gateway does without padding.
  return value === '' ? '=' : Buffer.from(value).toString('base64url');
}

function gatewayUrl(given: string | URL): URL {
  if (!(given instanceof URL) && !(typeof given === 'string' && URL.canParse(given))) {
    // Not shown where it may hold a password.
    const isShown = typeof given !== 'string' || !/[@?]/.test(given);
    throw invalidUrl(isShown ? shown(given) : 'a text that is none');
  }
  // A copy: credentials are taken out of it.
  const url = new URL(given);
  if (!/^https?:$/.test(url.protocol)) throw invalidUrl(`one of \`${url.protocol}\``);
  if (url.search !== '' || url.hash !== '') throw invalidUrl('one with a query or a fragment');
  if (/\/metrics\/job(@base64)?\//.test(`${url.pathname}/`))
    throw invalidUrl('one with a grouping key in its path, which goes into `job` and `grouping`');
  return url;
}

function invalidUrl(received: string): Error {
  return metricsError(
    'ERR_METRICS_INVALID_OPTION',
    `Invalid \`url\` of startPush: expected the http or https URL of a Pushgateway, as http://localhost:9091, received ${received}.`,
  );
}

function authorizationOf(
  url: URL,
  basicAuth: BasicAuth | undefined,
  token: string | undefined,
): string | undefined {
  const isInUrl = url.username !== '' || url.password !== '';
  const given = [isInUrl, basicAuth !== undefined, token !== undefined].filter(Boolean).length;
  if (given > 1) {
    throw metricsError(
      'ERR_METRICS_INVALID_OPTION',
      'Invalid credentials of startPush: expected one of `basicAuth`, `token` and those of the `url`, received several.',
    );
  }
  if (token !== undefined) {
    if (typeof token !== 'string' || !/^[\x21-\x7e]+$/.test(token))
      throw invalidCredentials('token', 'printable text without spaces');
    return `Bearer ${token}`;
  }
  if (isInUrl) return basic(decoded(url.username), decoded(url.password));
  if (basicAuth === undefined) return undefined;
  const { username, password } = (basicAuth ?? {}) as Partial<BasicAuth>;
  if (typeof username !== 'string' || typeof password !== 'string' || username.includes(':'))
    throw invalidCredentials('basicAuth', '{ username, password }, texts, without `:` in `username`');
  return basic(username, password);
}

function basic(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

/** A `%` that escapes nothing stands for itself. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function invalidCredentials(option: string, expected: string): Error {
  return metricsError(
    'ERR_METRICS_INVALID_OPTION',
    `Invalid \`${option}\` of startPush: expected ${expected}, received a value that is not shown.`,
  );
}
