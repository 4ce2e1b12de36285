/** The target of a push: the address of the gateway with the grouping key, and the credentials. */
import { metricsError, shown } from '../errors.js';

/** Credentials for basic authentication. */
export interface BasicAuth {
  /** Without `:`. */
  readonly username: string;
  /** May contain `:`. */
  readonly password: string;
}

export interface PushTargetOptions {
  readonly url: string | URL;
  readonly job: string;
  /** Labels of the grouping key besides `job`. */
  readonly grouping: Readonly<Record<string, string>>;
  readonly basicAuth?: BasicAuth | undefined;
  readonly token?: string | undefined;
}

export interface PushTarget {
  /** The address of the group, without credentials. */
  readonly url: URL;
  /** The gateway in labels and messages: scheme, host and path, without credentials and grouping key. */
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
 * The grouping key as a path of the Pushgateway: `/job/<job>/<label>/<value>`. A value with characters other than letters, digits
 * and `_~:.-` is encoded as URL-safe base64 (`/<label>@base64/<value>`): a path cannot contain a slash or an empty value, `..` would
 * be resolved, and proxies treat percent-encoding differently.
 * @see https://github.com/prometheus/pushgateway#url
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
  // The gateway reads `=` as an empty value, and needs no padding otherwise.
  return value === '' ? '=' : Buffer.from(value).toString('base64url');
}

function gatewayUrl(given: string | URL): URL {
  if (!(given instanceof URL) && !(typeof given === 'string' && URL.canParse(given))) {
    // It may contain a password.
    const isShown = typeof given !== 'string' || !/[@?]/.test(given);
    throw invalidUrl(isShown ? shown(given) : 'an invalid URL');
  }
  // A copy, from which the credentials are removed.
  const url = new URL(given);
  if (!/^https?:$/.test(url.protocol)) throw invalidUrl(`a URL with \`${url.protocol}\``);
  if (url.search !== '' || url.hash !== '') throw invalidUrl('a URL with a query or a fragment');
  if (/\/metrics\/job(@base64)?\//.test(`${url.pathname}/`))
    throw invalidUrl('a URL with a grouping key in its path; use `job` and `grouping`');
  return url;
}

function invalidUrl(received: string): Error {
  return metricsError(
    'ERR_METRICS_INVALID_OPTION',
    `Invalid \`url\` of startPush: expected the http or https URL of a Pushgateway, such as http://localhost:9091, received ${received}.`,
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
      'Invalid credentials of startPush: expected one of `basicAuth`, `token` and credentials in `url`, received several.',
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
    throw invalidCredentials('basicAuth', '{ username, password }, two strings, without `:` in `username`');
  return basic(username, password);
}

function basic(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

/** An invalid percent-encoding is taken literally. */
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
