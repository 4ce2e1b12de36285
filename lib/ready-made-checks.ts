/** Ready-made health checks: a function, a URL, a TCP port, a threshold on a gauge. */
import { queueDepth } from './catalogue/workflow.js';
import type { GaugeDefinition } from './definition.js';
import { metricsError, shown } from './errors.js';
import type { CheckFunction } from './health.js';
import type { LabelShape, LabelValues } from './label.js';
import { checkFactoryOptions } from './option-checks.js';
import { checkOptionNames } from './option-names.js';
import { type MetricsRegistry, sharedRegistry } from './registry.js';
import type { StructuralRegistry } from './structural-registry.js';

/** Options of {@link urlCheck}. */
export interface UrlCheckOptions {
  /** Default: `'GET'`. */
  readonly method?: 'GET' | 'HEAD';
  /** Default: none. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Whether a status passes. Default: below 500, since a service that answers 401 is up. */
  readonly accept?: (status: number) => boolean;
}

/**
 * A health check that requests a URL. Redirects are not followed.
 * @throws ERR_METRICS_INVALID_OPTION for anything other than an http or https URL
 * @example
 * new HealthChecks({ checks: { billing: urlCheck('http://billing.internal/healthz') } });
 */
export function urlCheck(url: string | URL, options: UrlCheckOptions = {}): CheckFunction {
  checkOptionNames('urlCheck', options, { method: true, headers: true, accept: true });
  const { method = 'GET', headers = {}, accept = (status) => status < 500 } = options;
  if (!URL.canParse(String(url)) || !/^https?:$/.test(new URL(url).protocol))
    throw invalid('a URL', 'an http or https URL', url);
  return async (signal) => {
    const response = await fetch(url, { method, headers, signal, redirect: 'manual' });
    await response.body?.cancel();
    return accept(response.status)
      ? { status: 'pass' }
      : { status: 'fail', output: `${new URL(url).host} answered ${response.status}` };
  };
}

/** A health check that opens a TCP connection, and closes it. @throws ERR_METRICS_INVALID_OPTION for an invalid host or port */
export function tcpCheck(host: string, port: number): CheckFunction {
  if (typeof host !== 'string' || host === '') throw invalid('a host', 'a name or an address', host);
  if (!(Number.isInteger(port) && port > 0 && port < 65_536))
    throw invalid('a port', 'an integer within 1 to 65535', port);
  return async (signal) => {
    // Loaded on first use: most programs that import the package check no port.
    const { connect } = await import('node:net');
    return new Promise<boolean>((resolve, reject) => {
      const socket = connect({ host, port, signal });
      socket.once('connect', () => {
        socket.destroy();
        resolve(true);
      });
      socket.once('error', reject);
    });
  };
}

/** Options of {@link gaugeCheck}. */
export interface GaugeCheckOptions<L extends LabelShape> {
  /** The registry of the gauge. Default: `sharedRegistry`. */
  readonly registry?: MetricsRegistry<StructuralRegistry>;
  /** The series to check. Default: the series with the highest value. */
  readonly labels?: LabelValues<L>;
  /** The lowest value that warns. Default: none. */
  readonly warnFrom?: number;
  /** The lowest value that fails. */
  readonly failFrom: number;
}

/**
 * A health check that compares a gauge with thresholds. A gauge that was never set passes.
 * @throws ERR_METRICS_INVALID_OPTION
 */
export function gaugeCheck<L extends LabelShape>(
  definition: GaugeDefinition<L>,
  options: GaugeCheckOptions<L>,
): CheckFunction {
  checkFactoryOptions('gaugeCheck', options, {
    registry: true,
    labels: true,
    warnFrom: true,
    failFrom: true,
  });
  const { registry = sharedRegistry, labels, warnFrom = Number.POSITIVE_INFINITY, failFrom } = options;
  if (typeof failFrom !== 'number' || Number.isNaN(failFrom))
    throw invalid('`failFrom` of a gauge check', 'a number', failFrom);
  const gauge = registry.gauge(definition);
  return async () => {
    await gauge.collect();
    const chosen = labels === undefined ? [...gauge.series] : [gauge.series.peek({ ...labels })];
    const values = chosen.map((series) => series?.value ?? Number.NEGATIVE_INFINITY);
    const highest = Math.max(...values, Number.NEGATIVE_INFINITY);
    const output = `${definition.name} is ${highest}`;
    if (highest >= failFrom) return { status: 'fail', output };
    return highest >= warnFrom ? { status: 'warn', output } : { status: 'pass' };
  };
}

/**
 * A health check of a database: a function that runs a query, or the address to connect to.
 * @throws ERR_METRICS_INVALID_OPTION for an invalid address
 * @example
 * new HealthChecks({ checks: { database: databaseCheck(() => pool.query('select 1')) } });
 */
export function databaseCheck(
  database: (() => unknown) | { readonly host: string; readonly port: number },
): CheckFunction {
  if (typeof database !== 'function') {
    checkOptionNames('databaseCheck', database, { host: true, port: true });
    return tcpCheck(database.host, database.port);
  }
  return async () => {
    // Any result of the query passes.
    await database();
  };
}

/**
 * A health check of an AI provider: whether its API answers, without a key and free of charge. Default: that of Anthropic.
 * @throws ERR_METRICS_INVALID_OPTION
 */
export function aiProviderCheck(
  url: string | URL = 'https://api.anthropic.com/',
  options?: UrlCheckOptions,
): CheckFunction {
  return urlCheck(url, options);
}

/** A health check of a git platform: whether its API answers. Default: that of GitHub. @throws ERR_METRICS_INVALID_OPTION */
export function gitPlatformCheck(
  url: string | URL = 'https://api.github.com/',
  options?: UrlCheckOptions,
): CheckFunction {
  return urlCheck(url, options);
}

/** A health check of a queue: compares its `queue_depth` with thresholds. @throws ERR_METRICS_INVALID_OPTION */
export function queueCheck(
  queueName: string,
  thresholds: Omit<GaugeCheckOptions<(typeof queueDepth)['labels']>, 'labels'>,
): CheckFunction {
  return gaugeCheck(queueDepth, { ...thresholds, labels: { queue_name: queueName } });
}

function invalid(what: string, expected: string, received: unknown): Error {
  return metricsError(
    'ERR_METRICS_INVALID_OPTION',
    `Invalid health check of ${what}: expected ${expected}, received ${received instanceof URL ? received.href : shown(received)}.`,
  );
}
