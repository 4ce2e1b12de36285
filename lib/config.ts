/**
 * The configuration: environment variables to frozen settings. One table holds every variable with its default and its
 * meaning; the reader, the messages and `lib/config.md` come from it.
 */
import { type MetricsError, metricsError, nearest, shown } from './errors.js';
import { defaultMaxSeries } from './registry.js';

export interface MetricsConfig {
  /** `false`: instruments cost nothing, /metrics answers 404. */
  readonly enabled: boolean;
  /** Host of the metrics server. */
  readonly host: string;
  /** Port of the metrics server; 0 takes a free one. */
  readonly port: number;
  /** Path of the metrics endpoint. */
  readonly path: string;
  readonly service: string;
  readonly version: string;
  readonly environment: string;
  /** Bearer token that a scrape must show; `undefined` lets anyone scrape. */
  readonly token: string | undefined;
  /** File that holds the token. */
  readonly tokenFile: string | undefined;
  /** Series a metric may have. */
  readonly maxSeries: number;
  /** Days that Prometheus keeps samples. */
  readonly retentionDays: number;
  /** Samples a metric that the embedded history keeps. */
  readonly retentionSamples: number;
  /** Seconds between scrapes, and between pushes. */
  readonly scrapeIntervalSeconds: number;
  /** File that holds the state across restarts. */
  readonly snapshotFile: string | undefined;
  /** Pushgateway. */
  readonly pushUrl: string | undefined;
}

/** One variable: how its text becomes a setting. */
export interface ConfigVariable {
  readonly variable: string;
  readonly setting: keyof MetricsConfig;
  /** The setting where the variable is unset or empty. */
  readonly fallback: MetricsConfig[keyof MetricsConfig];
  readonly meaning: string;
  /** What a value must be, for messages and the reference. */
  readonly expected: string;
  /** The setting of a value; `undefined` for one that cannot be used. */
  readonly read: (value: string) => MetricsConfig[keyof MetricsConfig];
  /** Whether a value is not to be shown in messages. */
  readonly isSecret?: (value: string) => boolean;
}

const text = (value: string): string => value;
const anyText = 'any text';

/** Every variable, in the order of the reference. */
export const configVariables: readonly ConfigVariable[] = Object.freeze([
  {
    variable: 'METRICS_ENABLED',
    setting: 'enabled',
    fallback: true,
    meaning: '`false`: instruments cost nothing, /metrics answers 404',
    expected: 'true or false (also 1, 0, yes, no, on, off)',
    read: readBoolean,
  },
  {
    variable: 'METRICS_ENDPOINT',
    setting: 'host',
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
  },
  {
    variable: 'METRICS_PATH',
    setting: 'path',
    fallback: '/metrics',
    meaning: 'path of the metrics endpoint',
    expected: 'a path that starts with `/` and has no spaces, `?` or `#`',
    read: readPath,
  },
  {
    variable: 'SERVICE_NAME',
    setting: 'service',
    fallback: 'tamma',
    meaning: 'name of the service',
    expected: anyText,
    read: text,
  },
  {
    variable: 'APP_VERSION',
    setting: 'version',
    fallback: 'unknown',
    meaning: 'version of the service',
    expected: anyText,
    read: text,
  },
  {
    variable: 'NODE_ENV',
    setting: 'environment',
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
    expected: 'the path of a file',
    read: text,
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
    setting: 'retentionDays',
    fallback: 30,
    meaning: "Prometheus' retention, in the bundle",
    expected: 'a positive integer of days',
    read: readCount,
  },
  {
    variable: 'METRICS_RETENTION_SAMPLES',
    setting: 'retentionSamples',
    fallback: 10_000,
    meaning: 'samples a metric that the embedded history keeps',
    expected: 'a positive integer',
    read: readCount,
  },
  {
    variable: 'METRICS_SCRAPE_INTERVAL',
    setting: 'scrapeIntervalSeconds',
    fallback: 15,
    meaning: 'seconds between scrapes, and between pushes',
    expected: 'a positive number of seconds',
    read: readSeconds,
  },
  {
    variable: 'METRICS_SNAPSHOT_FILE',
    setting: 'snapshotFile',
    fallback: undefined,
    meaning: 'file that holds the state across restarts',
    expected: 'the path of a file',
    read: text,
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
export const defaultMetricsConfig: MetricsConfig = settings((variable) => variable.fallback);

/**
 * Reads the settings from environment variables; an empty variable counts as unset.
 * @throws ERR_METRICS_INVALID_CONFIG: one error that lists every variable that cannot be used, with its value and what
 *   was expected
 */
export function loadMetricsConfig(
  env: Readonly<Record<string, string | undefined>> = process.env,
): MetricsConfig {
  const problems: string[] = [];
  const config = settings((row) => {
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
 * Settings given in code, with the defaults of the rest: held to what the environment would be.
 * @throws ERR_METRICS_INVALID_CONFIG, as `loadMetricsConfig` does
 */
export function metricsConfigOf(own: Partial<MetricsConfig> = {}): MetricsConfig {
  const problems: string[] = [];
  const names = configVariables.map(({ setting }) => setting as string);
  for (const name of Object.keys(own)) {
    if (names.includes(name)) continue;
    const meant = nearest(name, names);
    problems.push(
      `\`${name}\`: expected a known setting, received an unknown one${meant === undefined ? '' : `; did you mean \`${meant}\`?`}`,
    );
  }
  const config = settings((row) => {
    const { setting, fallback, read } = row;
    const given = own[setting];
    if (given === undefined) return fallback;
    if (read(String(given)) === given) return given;
    problems.push(unusable(setting, row, given));
    return fallback;
  });
  if (problems.length > 0) throw invalidConfig(problems);
  return config;
}

/** Variables that look like ours and are none: a misspelt setting would silently be its default. */
function misspeltVariables(env: Readonly<Record<string, string | undefined>>): string[] {
  const known = configVariables.map(({ variable }) => variable);
  return Object.keys(env)
    .filter((name) => name.startsWith('METRICS_') && !known.includes(name))
    .flatMap((name) => {
      const meant = nearest(name, known);
      return meant === undefined
        ? []
        : [`\`${name}\`: expected a known variable, received an unknown one; did you mean \`${meant}\`?`];
    });
}

/** What is wrong with a value, under the name by which it was given. */
function unusable(name: string, { expected, isSecret }: ConfigVariable, given: unknown): string {
  const isHidden = isSecret?.(String(given)) === true;
  return `\`${name}\`: expected ${expected}, received ${isHidden ? 'a value that is not shown' : shown(given)}`;
}

function settings(settingOf: (variable: ConfigVariable) => unknown): MetricsConfig {
  // The table has every setting; a test holds it to the type.
  return Object.freeze(
    Object.fromEntries(configVariables.map((variable) => [variable.setting, settingOf(variable)])),
  ) as unknown as MetricsConfig;
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

function readSeconds(value: string): number | undefined {
  const seconds = Number(value);
  return /^\d*\.?\d+$/.test(value) && Number.isFinite(seconds) && seconds > 0 ? seconds : undefined;
}

function readHost(value: string): string | undefined {
  return /^[\w.:[\]-]+$/.test(value) && !/:\/\//.test(value) ? value : undefined;
}

function readPath(value: string): string | undefined {
  return /^\/[^\s?#]*$/.test(value) ? value : undefined;
}

function readToken(value: string): string | undefined {
  return /^[\x21-\x7e]+$/.test(value) ? value : undefined;
}

function readUrl(value: string): string | undefined {
  return URL.canParse(value) && /^https?:$/.test(new URL(value).protocol) ? value : undefined;
}
