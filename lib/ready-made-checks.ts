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
  /** Method of the request. Default: `GET`. */
  readonly method?: 'GET' | 'HEAD';
  /** Headers of the request. Default: none. */
  readonly headers?: Readonly<Record<string, string>>;
  /**
   * Statuses that pass. Default: below 500, since a service that asks who we are is up.
   */
  readonly accept?: (status: number) => boolean;
}

/** Asks a URL. @throws ERR_METRICS_INVALID_OPTION for what is none */
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

/** Opens a TCP connection, and closes it again. @throws ERR_METRICS_INVALID_OPTION for a port that is none */
export function tcpCheck(host: string, port: number): CheckFunction {
  if (typeof host !== 'string' || host === '') throw invalid('a host', 'a name or an address', host);
  if (!(Number.isInteger(port) && port > 0 && port < 65_536))
    throw invalid('a port', 'an integer within 1 to 65535', port);
  return async (signal) => {
    // Loaded when it is needed: most programs that import the package check no port.
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
  /** Where the gauge is. Default: `sharedRegistry`. */
  readonly registry?: MetricsRegistry<StructuralRegistry>;
  /** Which of its series. Default: all, the highest counts. */
  readonly labels?: LabelValues<L>;
  /** From this number on it warns. Default: it does not. */
  readonly warnFrom?: number;
  /** From this number on it fails. */
  readonly failFrom: number;
}

/** Compares a gauge with thresholds. A gauge that was never set passes. */
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
    const one = labels === undefined ? undefined : gauge.series.peek({ ...labels });
    const values =
      labels === undefined
        ? [...gauge.series].map(({ value }) => value)
        : one === undefined
          ? []
          : [one.value];
    const highest = Math.max(...values, Number.NEGATIVE_INFINITY);
    const output = `${definition.name} is ${highest}`;
    if (highest >= failFrom) return { status: 'fail', output };
    return highest >= warnFrom ? { status: 'warn', output } : { status: 'pass' };
  };
}

/** A database: by a query of yours, or by the port that it listens on. */
export function databaseCheck(
  database: (() => unknown) | { readonly host: string; readonly port: number },
): CheckFunction {
  if (typeof database !== 'function') {
    checkOptionNames('databaseCheck', database, { host: true, port: true });
    return tcpCheck(database.host, database.port);
  }
  return async () => {
    // Whatever the query gives: that it gave something is what is asked.
    await database();
  };
}

/** An AI provider: whether its API answers, without a key and at no cost. */
export function aiProviderCheck(
  url: string | URL = 'https://api.anthropic.com/',
  options?: UrlCheckOptions,
): CheckFunction {
  return urlCheck(url, options);
}

/** A git platform: whether its API answers. */
export function gitPlatformCheck(
  url: string | URL = 'https://api.github.com/',
  options?: UrlCheckOptions,
): CheckFunction {
  return urlCheck(url, options);
}

/** A queue: how many items wait, by `queue_depth`. */
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
