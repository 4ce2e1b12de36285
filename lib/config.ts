/**
 * The configuration: environment variables to frozen settings. One table holds every variable with its default and its
 * meaning; the reader, the messages and `lib/config.md` come from it.
 */
import { sizeBuckets } from './catalogue/buckets.js';
import { durationBuckets } from './definition.js';
import { ascendingProblem } from './definition-checks.js';
import { type MetricsError, metricsError, nearest, shown } from './errors.js';
import { expectedInterval, isInterval } from './interval.js';
import { isHealthPath, isMetricsPath } from './metrics-path.js';
import { defaultMaxSeries } from './registry.js';

/** The settings, as a service may write them: what is left out of `Partial<MetricsConfig>` has its default. */
export interface MetricsConfig {
  /** `false`: /metrics answers 404; requests are not measured, nothing is pushed or saved. Recorders still count. */
  enabled: boolean;
  /** Host of the metrics server. */
  endpoint: string;
  /** Port of the metrics server; 0 takes a free one. */
  port: number;
  /** Path of the metrics endpoint. */
  path: string;
  /** `service`, `version` and `environment`, and any others: they are on every series that is pushed. */
  labels: Record<string, string>;
  /** Upper bounds of histograms. Those of a default are left to each metric's definition. */
  buckets: BucketSets;
  retention: {
    /** Days that Prometheus keeps samples, in the bundle. */
    metrics: number;
    /** Samples per metric that the live history keeps. */
    samples: number;
  };
  /** Bearer token that a scrape must show; `undefined` lets anyone scrape. */
  token?: string | undefined;
  /** File that holds the token. */
  tokenFile?: string | undefined;
  /** Series a metric may have. */
  maxSeries?: number;
  /** Seconds between scrapes, and between pushes. */
  scrapeIntervalSeconds?: number;
  /** File that holds the state across restarts. */
  snapshotFile?: string | undefined;
  /** Pushgateway. */
  pushUrl?: string | undefined;
  /** `endpoint`, by another name. Like the five below, it wins where both are given. */
  host?: string;
  /** `labels.service`. */
  service?: string;
  /** `labels.version`. */
  version?: string;
  /** `labels.environment`. */
  environment?: string;
  /** `retention.metrics`. */
  retentionDays?: number;
  /** `retention.samples`. */
  retentionSamples?: number;
}

/** Upper bounds by what is measured. */
export interface BucketSets {
  /** Seconds: histograms whose names end in `_seconds`. */
  duration: number[];
  /** Bytes: histograms whose names end in `_bytes`. */
  size: number[];
  /** Per second: histograms whose names end in `_per_second`. The catalogue has none. */
  throughput: number[];
}

/** Settings with their defaults filled in, frozen. The other names of settings can be read, and are not enumerable. */
export type CompleteMetricsConfig = Readonly<Required<MetricsConfig>> & {
  readonly labels: Readonly<Record<'service' | 'version' | 'environment', string>>;
};

type Setting = string | number | boolean | undefined;

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

const defaultBucketSets: BucketSets = Object.freeze({
  duration: durationBuckets as number[],
  size: sizeBuckets as number[],
  throughput: Object.freeze([0.1, 0.5, 1, 5, 10, 50, 100, 500, 1000]) as number[],
});

const text = (value: string): string => value;
const anyText = 'any text';
const filePath = 'the path of a file, without a slash at its end';

/** Every variable, in the order of the reference. */
export const configVariables: readonly ConfigVariable[] = Object.freeze([
  {
    variable: 'METRICS_ENABLED',
    setting: 'enabled',
    fallback: true,
    meaning: '`false`: /metrics answers 404; requests are not measured, nothing is pushed or saved',
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
    meaning: 'samples per metric that the live history keeps',
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

/** The settings of an empty environment. */
export const defaultMetricsConfig: CompleteMetricsConfig = complete(({ fallback }) => fallback);

/**
 * Reads the settings from environment variables; an empty variable counts as unset.
 * @throws ERR_METRICS_INVALID_CONFIG: one error that lists every variable that cannot be used, with its value and what
 *   was expected
 */
export function loadMetricsConfig(
  env: Readonly<Record<string, string | undefined>> = process.env,
): CompleteMetricsConfig {
  const problems: string[] = [];
  const config = complete((row) => {
    const { variable, fallback, read } = row;
    const given = env[variable]?.trim() ?? '';
    if (given === '') return fallback;
    const setting = read(given);
    if (setting === undefined) problems.push(unusable(variable, row, given));
    return setting ?? fallback;
  });
  if (config.token !== undefined && config.tokenFile !== undefined) {
    problems.push('`METRICS_TOKEN` and `METRICS_TOKEN_FILE`: expected one of them, received both');
  }
  problems.push(...misspeltVariables(env));
  if (problems.length > 0) throw invalidConfig(problems);
  return config;
}

/**
 * Settings given in code, checked as those of the environment are.
 * @param base where the rest comes from. Default: the settings of an empty environment.
 * @throws ERR_METRICS_INVALID_CONFIG, as `loadMetricsConfig` does
 */
export function metricsConfigOf(
  own: Partial<MetricsConfig> = {},
  base: CompleteMetricsConfig = defaultMetricsConfig,
): CompleteMetricsConfig {
  if (typeof own !== 'object' || own === null)
    throw invalidConfig([`\`config\`: expected an object, received ${shown(own)}`]);
  const problems: string[] = [];
  const group = (name: 'labels' | 'buckets' | 'retention'): object => {
    const given: unknown = own[name] === undefined ? {} : own[name];
    if (typeof given === 'object' && given !== null) return given;
    problems.push(`\`${name}\`: expected an object, received ${shown(given)}`);
    return {};
  };
  const [labels, buckets, retention] = [group('labels'), group('buckets'), group('retention')];
  const unknown = (where: string, given: object, known: readonly string[]): void => {
    for (const name of Object.keys(given)) {
      if (known.includes(name)) continue;
      const meant = nearest(name, known);
      problems.push(
        `\`${where === '' ? name : `${where}.${name}`}\`: expected a known setting, received an unknown one${meant === undefined ? '' : `; did you mean \`${meant}\`?`}`,
      );
    }
  };
  const aliases = configVariables.flatMap(({ alias }) => alias ?? []);
  unknown('', own, [
    ...configVariables.map(({ setting }) => setting.split('.')[0] ?? ''),
    'buckets',
    ...aliases,
  ]);
  unknown('retention', retention, ['metrics', 'samples']);
  unknown('buckets', buckets, Object.keys(defaultBucketSets));
  for (const [name, value] of Object.entries(labels)) {
    if (!/^[a-zA-Z_]\w*$/.test(name) || typeof value !== 'string')
      problems.push(`\`labels.${name}\`: expected a label name and text, received ${shown(value)}`);
  }
  const sets = Object.fromEntries(
    Object.entries(base.buckets).map(([name, fallback]) => {
      const bounds: unknown = (buckets as Partial<BucketSets>)[name as keyof BucketSets] ?? fallback;
      if (isBuckets(bounds)) return [name, Object.freeze([...bounds])];
      problems.push(`\`buckets.${name}\`: expected ascending finite numbers, received ${shown(bounds)}`);
      return [name, fallback];
    }),
  ) as unknown as BucketSets;
  const config = complete(
    (row) => {
      const { setting, alias, read } = row;
      const fallback = settingAt(base, setting) as Setting;
      const byAlias = alias !== undefined && Object.keys(own).includes(alias) && own[alias] !== undefined;
      const given = byAlias ? own[alias] : settingAt(own, setting);
      if (given === undefined) return fallback;
      if (read(String(given)) === given) return given as Setting;
      problems.push(unusable(byAlias ? alias : setting, row, given));
      return fallback;
    },
    { ...base.labels, ...labels },
    sets,
  );
  if (problems.length > 0) throw invalidConfig(problems);
  return config;
}

function settingAt(own: object, setting: string): unknown {
  return setting
    .split('.')
    .reduce<unknown>((at, name) => (at as Record<string, unknown> | undefined)?.[name], own);
}

function isBuckets(bounds: unknown): bounds is number[] {
  return (
    Array.isArray(bounds) &&
    bounds.length > 0 &&
    ascendingProblem(bounds, Number.isFinite, 'finite numbers') === undefined
  );
}

/** What Kubernetes sets for a Service named `metrics`, beside METRICS_PORT. */
const kubernetesVariable = /^METRICS_(?:SERVICE_(?:HOST|PORT)|PORT_\d+_)/;

/** Variables that look like ours and are none: a misspelt setting would silently be its default. */
function misspeltVariables(env: Readonly<Record<string, string | undefined>>): string[] {
  const known = configVariables.map(({ variable }) => variable);
  return Object.keys(env)
    .filter((name) => name.startsWith('METRICS_') && !known.includes(name) && !kubernetesVariable.test(name))
    .flatMap((name) => {
      const meant = nearest(name, known);
      return meant === undefined
        ? []
        : [`\`${name}\`: expected a known variable, received an unknown one; did you mean \`${meant}\`?`];
    });
}

/** What is wrong with a value, under the name by which it was given. */
function unusable(name: string, { expected, hint, isSecret }: ConfigVariable, given: unknown): string {
  const isHidden = isSecret?.(String(given)) === true;
  const cause = hint?.(String(given));
  return `\`${name}\`: expected ${expected}, received ${isHidden ? 'a value that is not shown' : shown(given)}${cause === undefined ? '' : `. ${cause}`}`;
}

function complete(
  settingOf: (variable: ConfigVariable) => Setting,
  labels: Readonly<Record<string, string>> = {},
  buckets: BucketSets = defaultBucketSets,
): CompleteMetricsConfig {
  const config: Record<string, unknown> = {
    labels: { ...labels },
    buckets: Object.freeze({ ...buckets }),
    retention: {},
  };
  for (const variable of configVariables) {
    const value = settingOf(variable);
    const [group = '', name] = variable.setting.split('.');
    if (name === undefined) config[group] = value;
    else (config[group] as Record<string, Setting>)[name] = value;
    // Not enumerable: a copy with `{ ...config, labels }` must not carry the old value along under its other name.
    if (variable.alias !== undefined) Object.defineProperty(config, variable.alias, { value });
  }
  Object.freeze(config.labels);
  Object.freeze(config.retention);
  // The table has every setting; a test holds it to the type.
  return Object.freeze(config) as unknown as CompleteMetricsConfig;
}

function invalidConfig(problems: readonly string[]): MetricsError {
  const [one] = problems;
  if (problems.length === 1)
    return metricsError('ERR_METRICS_INVALID_CONFIG', `Invalid configuration: ${one}.`);
  return metricsError(
    'ERR_METRICS_INVALID_CONFIG',
    `Invalid configuration, ${problems.length} problems:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`,
  );
}

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
