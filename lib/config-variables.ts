/** The environment variables, in one table: each with its setting, its default and its meaning. */
import type { MetricsConfig } from './config-settings.js';
import { expectedInterval, isInterval } from './interval.js';
import { isHealthPath, isMetricsPath } from './metrics-path.js';
import { defaultMaxSeries } from './registry-options.js';

/** The value of a setting. */
export type Setting = string | number | boolean | undefined;

/** An environment variable, and how its text becomes a setting. */
export interface ConfigVariable {
  /** Name of the variable. */
  readonly variable: string;
  /** Path of the setting: `endpoint`, `labels.service`. */
  readonly setting: string;
  /** Another name of the setting. */
  readonly alias?: keyof MetricsConfig;
  /** The setting if the variable is unset or empty. */
  readonly fallback: Setting;
  /** Its meaning, for the reference. */
  readonly meaning: string;
  /** The valid values, for messages and the reference. */
  readonly expected: string;
  /** The setting of a value; `undefined` if the value is invalid. */
  readonly read: (value: string) => Setting;
  /** The likely cause of an invalid value, and its remedy. */
  readonly hint?: (value: string) => string | undefined;
  /** Whether a value must not be shown in messages. */
  readonly isSecret?: (value: string) => boolean;
}

const text = (value: string): string => value;
const anyText = 'any text';
const filePath = 'the path of a file, without a trailing slash';

/** Every variable, in the order of the reference. */
export const configVariables: readonly ConfigVariable[] = Object.freeze([
  {
    variable: 'METRICS_ENABLED',
    setting: 'enabled',
    fallback: true,
    meaning:
      '`false`: instruments, decorators and recorders record nothing, `/metrics` responds with 404, and nothing is pushed or saved',
    expected: 'true or false (also 1, 0, yes, no, on, off)',
    read: readBoolean,
  },
  {
    variable: 'METRICS_ENDPOINT',
    setting: 'endpoint',
    alias: 'host',
    fallback: '0.0.0.0',
    meaning: 'host of the metrics server',
    expected: 'a host name or an IP address',
    read: readHost,
  },
  {
    variable: 'METRICS_PORT',
    setting: 'port',
    fallback: 9090,
    meaning: 'port of the metrics server; 0 for any free port',
    expected: 'an integer within 0 to 65535',
    read: readPort,
    hint: (value) =>
      value.startsWith('tcp://')
        ? 'Kubernetes sets this variable for a Service named `metrics`: rename the Service, set `enableServiceLinks: false` in the pod, or set METRICS_PORT there'
        : undefined,
  },
  {
    variable: 'METRICS_PATH',
    setting: 'path',
    fallback: '/metrics',
    meaning: 'path of the metrics endpoint',
    expected:
      'a path such as `/metrics`: letters, digits, `_`, `.`, `~`, `-` between single slashes, and not a path of the health endpoints',
    read: readPath,
  },
  {
    variable: 'SERVICE_NAME',
    setting: 'labels.service',
    alias: 'service',
    fallback: 'tamma',
    meaning: 'name of the service',
    expected: anyText,
    read: text,
  },
  {
    variable: 'APP_VERSION',
    setting: 'labels.version',
    alias: 'version',
    fallback: 'unknown',
    meaning: 'version of the service',
    expected: anyText,
    read: text,
  },
  {
    variable: 'NODE_ENV',
    setting: 'labels.environment',
    alias: 'environment',
    fallback: 'development',
    meaning: 'environment of the service',
    expected: anyText,
    read: text,
  },
  {
    variable: 'METRICS_TOKEN',
    setting: 'token',
    fallback: undefined,
    meaning: 'bearer token for the metrics endpoint',
    expected: 'printable text without spaces',
    read: readToken,
    isSecret: () => true,
  },
  {
    variable: 'METRICS_TOKEN_FILE',
    setting: 'tokenFile',
    fallback: undefined,
    meaning: 'file with the bearer token',
    expected: filePath,
    read: readFilePath,
  },
  {
    variable: 'METRICS_MAX_SERIES',
    setting: 'maxSeries',
    fallback: defaultMaxSeries,
    meaning: 'maximum number of series per metric',
    expected: 'a positive integer',
    read: readCount,
  },
  {
    variable: 'METRICS_VIEWS_FILE',
    setting: 'viewsFile',
    fallback: undefined,
    meaning: 'JSON file with views, which rename metrics, drop labels, replace buckets or disable metrics',
    expected: filePath,
    read: readFilePath,
  },
  {
    variable: 'METRICS_NATIVE_HISTOGRAMS',
    setting: 'nativeHistograms',
    fallback: false,
    meaning:
      '`true`: the durations of the catalogue are native histograms too, for a Prometheus that scrapes them by protobuf',
    expected: 'true or false (also 1, 0, yes, no, on, off)',
    read: readBoolean,
  },
  {
    variable: 'METRICS_EXEMPLARS',
    setting: 'exemplars',
    fallback: true,
    meaning: '`false`: counters and histograms take no exemplars, such as the trace of a recording',
    expected: 'true or false (also 1, 0, yes, no, on, off)',
    read: readBoolean,
  },
  {
    variable: 'METRICS_RETENTION_DAYS',
    setting: 'retention.metrics',
    alias: 'retentionDays',
    fallback: 30,
    meaning: 'days that Prometheus keeps samples, in the bundle',
    expected: 'a positive integer of days',
    read: readCount,
  },
  {
    variable: 'METRICS_RETENTION_SAMPLES',
    setting: 'retention.samples',
    alias: 'retentionSamples',
    fallback: 10_000,
    meaning: 'samples per metric that the live dashboard keeps; a sample of a histogram is all its buckets',
    expected: 'a positive integer',
    read: readCount,
  },
  {
    variable: 'METRICS_SCRAPE_INTERVAL',
    setting: 'scrapeIntervalSeconds',
    fallback: 15,
    meaning: 'seconds between scrapes, and between pushes',
    expected: expectedInterval,
    read: readInterval,
  },
  {
    variable: 'METRICS_SNAPSHOT_FILE',
    setting: 'snapshotFile',
    fallback: undefined,
    meaning: 'file for snapshots, which keep the values across restarts',
    expected: filePath,
    read: readFilePath,
  },
  {
    variable: 'METRICS_PUSH_URL',
    setting: 'pushUrl',
    fallback: undefined,
    meaning: 'URL of a Pushgateway',
    expected: 'an http or https URL',
    read: readUrl,
    // It may contain a password, or a token in its query.
    isSecret: (value) => /[@?]/.test(value),
  },
] satisfies ConfigVariable[]);

function readBoolean(value: string): boolean | undefined {
  if (/^(true|1|yes|on)$/i.test(value)) return true;
  return /^(false|0|no|off)$/i.test(value) ? false : undefined;
}

function readPort(value: string): number | undefined {
  const port = Number(value);
  return /^\d+$/.test(value) && port <= 65_535 ? port : undefined;
}

function readCount(value: string): number | undefined {
  const count = Number(value);
  return /^\d+$/.test(value) && count > 0 && Number.isSafeInteger(count) ? count : undefined;
}

function readInterval(value: string): number | undefined {
  const seconds = Number(value);
  return /^\d*\.?\d+$/.test(value) && isInterval(seconds) ? seconds : undefined;
}

function readHost(value: string): string | undefined {
  const isUrlHost = URL.canParse(`http://${/^[^[].*:/.test(value) ? `[${value}]` : value}:1`);
  return /^[\w.:[\]-]+$/.test(value) && isUrlHost && !/\]./.test(value) ? value : undefined;
}

function readPath(value: string): string | undefined {
  return isMetricsPath(value) && !isHealthPath(value) ? value : undefined;
}

function readFilePath(value: string): string | undefined {
  return value !== '' && !/[/\\]$|\0/.test(value) ? value : undefined;
}

function readToken(value: string): string | undefined {
  return /^[\x21-\x7e]+$/.test(value) ? value : undefined;
}

function readUrl(value: string): string | undefined {
  return URL.canParse(value) && /^https?:$/.test(new URL(value).protocol) ? value : undefined;
}
