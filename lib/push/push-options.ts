/** Validates the options of a push, and applies their defaults. */
import { hostname } from 'node:os';
import { defaultMetricsConfig } from '../config.js';
import type { AnyFormat } from '../exposition/family-writer.js';
import { protobufFormat } from '../exposition/protobuf-format.js';
import { textFormat } from '../exposition/text.js';
import { expectedInterval, isInterval } from '../interval.js';
import { isConstantLabelName } from '../naming.js';
import { checkFactoryOptions } from '../option-checks.js';
import { invalidOption, type OptionNames } from '../option-names.js';
import type { AnyRegistry } from '../registry.js';
import { sharedRegistry } from '../registry.js';
import { type BasicAuth, type PushTarget, pushTarget } from './push-target.js';

/** Options of `startPush`. */
export interface PushOptions {
  /** URL of the Pushgateway: `http://host:9091`, with its path if it has one. Credentials in it are used, and never shown. */
  readonly url: string | URL;
  /** Label `job` of the grouping key. Default: `tamma`, the default of SERVICE_NAME. */
  readonly job?: string | undefined;
  /**
   * The other labels of the grouping key. Default: `{ instance: 'host:pid' }`, a group per process; `{}` groups by job alone, for a
   * batch job whose next run replaces the numbers of the last one. The gateway sets these labels on every series, and overwrites
   * labels of the same name.
   * @see https://github.com/prometheus/pushgateway#about-the-job-and-instance-labels
   */
  readonly grouping?: Readonly<Record<string, string>> | undefined;
  /** `PUT` replaces the whole group, `POST` only the metrics of the same names. Default: `PUT`. */
  readonly method?: 'PUT' | 'POST' | undefined;
  /** Whether to compress pushes; a Pushgateway before 1.5 does not support it. Default: `true`. */
  readonly gzip?: boolean | undefined;
  /**
   * The format of pushes. Only `protobuf` has native histograms; servers other than the Pushgateway may not accept it. Default:
   * `text`.
   */
  readonly format?: 'text' | 'protobuf' | undefined;
  /** Credentials for basic authentication. Default: those in `url`, if any. */
  readonly basicAuth?: BasicAuth | undefined;
  /** Bearer token. Default: none. */
  readonly token?: string | undefined;
  /** Seconds between pushes, 0.1 to 86,400. Default: 15. */
  readonly intervalSeconds?: number | undefined;
  /** Maximum seconds between two attempts while pushes fail. Default: 300. */
  readonly maxBackoffSeconds?: number | undefined;
  /** The registry to push. Default: `sharedRegistry`. */
  readonly registry?: AnyRegistry | undefined;
  /** Labels to add to every series without them. Default: none. */
  readonly constantLabels?: Readonly<Record<string, string>> | undefined;
  /** Timeout of a push in seconds, including its connection. Default: 10. */
  readonly timeoutSeconds?: number | undefined;
  /**
   * Whether to push when the event loop of the process is empty, for batch jobs. The exit code stays. There is no push on
   * `process.exit()`: call `await stop()` before. Default: `true`.
   */
  readonly pushOnBeforeExit?: boolean | undefined;
}

export interface PushSettings {
  readonly target: PushTarget;
  readonly method: 'PUT' | 'POST';
  readonly gzip: boolean;
  readonly format: AnyFormat;
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
  format: true,
  basicAuth: true,
  token: true,
  intervalSeconds: true,
  maxBackoffSeconds: true,
  registry: true,
  constantLabels: true,
  timeoutSeconds: true,
  pushOnBeforeExit: true,
} satisfies OptionNames<PushOptions>;

const formats = { text: textFormat, protobuf: protobufFormat };

/** The maximum delay of a Node.js timer. */
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
    format = 'text',
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
    throw invalidOption('startPush', 'job', 'a non-empty string', job);
  if (method !== 'PUT' && method !== 'POST')
    throw invalidOption('startPush', 'method', "'PUT' or 'POST'", method);
  if (!Object.hasOwn(formats, format))
    throw invalidOption('startPush', 'format', "'text' or 'protobuf'", format);
  for (const [name, value] of Object.entries({ gzip, pushOnBeforeExit }))
    if (typeof value !== 'boolean') throw invalidOption('startPush', name, 'true or false', value);
  if (!isInterval(intervalSeconds))
    throw invalidOption('startPush', 'intervalSeconds', expectedInterval, intervalSeconds);
  for (const [name, value] of Object.entries({ maxBackoffSeconds, timeoutSeconds }))
    if (!isSeconds(value))
      throw invalidOption('startPush', name, `a positive number of seconds, at most ${maxSeconds}`, value);
  checkLabels('grouping', grouping);
  checkLabels('constantLabels', constantLabels);
  if (Object.hasOwn(grouping, 'job'))
    throw invalidOption(
      'startPush',
      'grouping',
      'labels other than `job`, which is a separate option',
      'job',
    );
  return Object.freeze({
    target: pushTarget({ url, job, grouping, basicAuth, token }),
    method,
    gzip,
    format: formats[format],
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
    throw invalidOption('startPush', option, 'an object of strings by label name', labels);
  for (const [name, value] of Object.entries(labels)) {
    if (!isConstantLabelName(name))
      throw invalidOption('startPush', option, 'valid label names of Prometheus', name);
    if (typeof value !== 'string')
      throw invalidOption('startPush', option, `a string for \`${name}\``, value);
  }
}
