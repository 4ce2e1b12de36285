/** The environment variables, in one table: each with its setting, its default and its meaning. */
import type { MetricsConfig } from './config-settings.js';
import { expectedInterval, isInterval } from './interval.js';
import { isHealthPath, isMetricsPath } from './metrics-path.js';
import { defaultMaxSeries } from './registry-options.js';

export type Setting = string | number | boolean | undefined;

/** One variable: how its text becomes a setting. */
export interface ConfigVariable {
  readonly variable: string;
  /** Where the setting is: `endpoint`, `labels.service`. */
  readonly setting: string;
  /** Its other name. */
  readonly alias?: keyof MetricsConfig;
  /** The setting where the variable is unset or empty. */
  readonly fallback: Setting;
  readonly meaning: string;
  /** What a value must be, for messages and the reference. */
  readonly expected: string;
  /** The setting of a value; `undefined` for one that cannot be used. */
  readonly read: (value: string) => Setting;
  /** The likely cause of a value that cannot be used, and its remedy. */
  readonly hint?: (value: string) => string | undefined;
  /** Whether a value is not to be shown in messages. */
  readonly isSecret?: (value: string) => boolean;
}

const text = (value: string): string => value;
const anyText = 'any text';
const filePath = 'the path of a file, without a slash at its end';

/** Every variable, in the order of the reference. */
export const configVariables: readonly ConfigVariable[] = Object.freeze([
  {
    variable: 'METRICS_ENABLED',
    setting: 'enabled',
    fallback: true,
    meaning:
      '`false`: nothing is recorded, by instruments, decorators or recorders; /metrics answers 404, nothing is pushed or saved',
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
    meaning: 'port of the metrics server; 0 takes a free one',
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
    meaning: 'file that holds the bearer token',
    expected: filePath,
    read: readFilePath,
  },
  {
    variable: 'METRICS_MAX_SERIES',
    setting: 'maxSeries',
    fallback: defaultMaxSeries,
    meaning: 'series a metric may have',
    expected: 'a positive integer',
    read: readCount,
  },
  {
    variable: 'METRICS_VIEWS_FILE',
    setting: 'viewsFile',
    fallback: undefined,
    meaning: 'JSON file of views: other names, fewer labels, other buckets, or none of it, by metric',
    expected: filePath,
    read: readFilePath,
  },
  {
    variable: 'METRICS_RETENTION_DAYS',
    setting: 'retention.metrics',
    alias: 'retentionDays',
    fallback: 30,
    meaning: "Prometheus' retention, in the bundle",
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
    meaning: 'file that holds the state across restarts',
    expected: filePath,
    read: readFilePath,
  },
  {
    variable: 'METRICS_PUSH_URL',
    setting: 'pushUrl',
    fallback: undefined,
    meaning: 'Pushgateway',
    expected: 'an http or https URL',
    read: readUrl,
    // One with a password, or a token in its query, as a push has it too.
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
