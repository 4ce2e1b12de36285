/** The options of a push, checked and with their defaults. */
import { hostname } from 'node:os';
import { defaultMetricsConfig } from '../config.js';
import { expectedInterval, isInterval } from '../interval.js';
import { isConstantLabelName } from '../naming.js';
import { checkFactoryOptions } from '../option-checks.js';
import { invalidOption, type OptionNames } from '../option-names.js';
import type { AnyRegistry } from '../registry.js';
import { sharedRegistry } from '../registry.js';
import { type BasicAuth, type PushTarget, pushTarget } from './push-target.js';

/** Options of {@link startPush}. @see https://github.com/prometheus/pushgateway */
export interface PushOptions {
  /** The Pushgateway: `http://host:9091`, with a path where it has one. Credentials in it are used and never shown. */
  readonly url: string | URL;
  /** Label `job` of the grouping key. Default: `tamma`, as SERVICE_NAME has it. */
  readonly job?: string | undefined;
  /**
   * The other labels of the grouping key. Default: `{ instance: 'host:pid' }`, a group for each process; `{}` groups by
   * job alone, for a batch job whose next run replaces the last one's numbers. The gateway sets these labels on every
   * series: where a series or `constantLabels` has one of the same name, it is overwritten.
   */
  readonly grouping?: Readonly<Record<string, string>> | undefined;
  /** `PUT` replaces the whole group, `POST` only the metrics of the same names. Default: `PUT`. */
  readonly method?: 'PUT' | 'POST' | undefined;
  /** Compressed; a Pushgateway before 1.5 does not take it. Default: `true`. */
  readonly gzip?: boolean | undefined;
  /** Credentials of basic authentication. Default: those of `url`, else none. */
  readonly basicAuth?: BasicAuth | undefined;
  /** Bearer token. */
  readonly token?: string | undefined;
  /** Seconds between pushes, 0.1 to 86,400. Default: 15. */
  readonly intervalSeconds?: number | undefined;
  /** Most seconds between tries while pushes fail. Default: 300. */
  readonly maxBackoffSeconds?: number | undefined;
  /** What is pushed. Default: `sharedRegistry`. */
  readonly registry?: AnyRegistry | undefined;
  /** Labels added to every series that does not have them. */
  readonly constantLabels?: Readonly<Record<string, string>> | undefined;
  /** Seconds a push may take, with its connection. Default: 10. */
  readonly timeoutSeconds?: number | undefined;
  /**
   * A push once the process has nothing more to do, for batch jobs; its exit code stays. `process.exit()` leaves no time
   * for it: `await stop()` before. Default: `true`.
   */
  readonly pushOnBeforeExit?: boolean | undefined;
}

export interface PushSettings {
  readonly target: PushTarget;
  readonly method: 'PUT' | 'POST';
  readonly gzip: boolean;
  readonly intervalSeconds: number;
  readonly maxBackoffSeconds: number;
  readonly registry: AnyRegistry;
  readonly constantLabels: Readonly<Record<string, string>>;
  readonly timeoutSeconds: number;
  readonly pushOnBeforeExit: boolean;
}

const optionNames = {
  url: true,
  job: true,
  grouping: true,
  method: true,
  gzip: true,
  basicAuth: true,
  token: true,
  intervalSeconds: true,
  maxBackoffSeconds: true,
  registry: true,
  constantLabels: true,
  timeoutSeconds: true,
  pushOnBeforeExit: true,
} satisfies OptionNames<PushOptions>;

/** No timer of Node's can be longer. */
export const maxSeconds = 2_147_483;

/** @throws ERR_METRICS_INVALID_OPTION */
export function pushSettings(options: PushOptions): PushSettings {
  checkFactoryOptions('startPush', options, optionNames);
  const {
    url,
    job = defaultMetricsConfig.service,
    grouping = { instance: `${hostname()}:${process.pid}` },
    method = 'PUT',
    gzip = true,
    basicAuth,
    token,
    intervalSeconds = defaultMetricsConfig.scrapeIntervalSeconds,
    maxBackoffSeconds = 300,
    registry = sharedRegistry,
    constantLabels = {},
    timeoutSeconds = 10,
    pushOnBeforeExit = true,
  } = options;
  if (typeof job !== 'string' || job === '')
    throw invalidOption('startPush', 'job', 'a text that is not empty', job);
  if (method !== 'PUT' && method !== 'POST')
    throw invalidOption('startPush', 'method', "'PUT' or 'POST'", method);
  for (const [name, value] of Object.entries({ gzip, pushOnBeforeExit }))
    if (typeof value !== 'boolean') throw invalidOption('startPush', name, 'true or false', value);
  if (!isInterval(intervalSeconds))
    throw invalidOption('startPush', 'intervalSeconds', expectedInterval, intervalSeconds);
  for (const [name, value] of Object.entries({ maxBackoffSeconds, timeoutSeconds }))
    if (!isSeconds(value))
      throw invalidOption('startPush', name, `a positive number of seconds, ${maxSeconds} at most`, value);
  checkLabels('grouping', grouping);
  checkLabels('constantLabels', constantLabels);
  if (Object.hasOwn(grouping, 'job'))
    throw invalidOption(
      'startPush',
      'grouping',
      'labels beside `job`, which has an option of its own',
      'job',
    );
  return Object.freeze({
    target: pushTarget({ url, job, grouping, basicAuth, token }),
    method,
    gzip,
    intervalSeconds,
    maxBackoffSeconds,
    registry,
    constantLabels: Object.freeze({ ...constantLabels }),
    timeoutSeconds,
    pushOnBeforeExit,
  });
}

function isSeconds(value: unknown): boolean {
  return typeof value === 'number' && value > 0 && value <= maxSeconds;
}

function checkLabels(option: string, labels: unknown): void {
  if (typeof labels !== 'object' || labels === null || Array.isArray(labels))
    throw invalidOption('startPush', option, 'texts by label', labels);
  for (const [name, value] of Object.entries(labels)) {
    if (!isConstantLabelName(name))
      throw invalidOption('startPush', option, 'names that Prometheus takes', name);
    if (typeof value !== 'string') throw invalidOption('startPush', option, `a text for \`${name}\``, value);
  }
}
