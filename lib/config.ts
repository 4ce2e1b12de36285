/**
 * The configuration: reads environment variables and returns frozen settings. The table in `config-variables.ts` has each variable with
 * its default and its meaning; the messages and `lib/config.md` are generated from it.
 */
import { sizeBuckets } from './catalogue/buckets.js';
import type { BucketSets, CompleteMetricsConfig, MetricsConfig } from './config-settings.js';
import { type ConfigVariable, configVariables, type Setting } from './config-variables.js';
import { durationBuckets } from './define.js';
import { ascendingProblem } from './definition-checks.js';
import { type MetricsError, metricsError, nearest, shown } from './errors.js';

const defaultBucketSets: BucketSets = Object.freeze({
  duration: durationBuckets as number[],
  size: sizeBuckets as number[],
  throughput: Object.freeze([0.1, 0.5, 1, 5, 10, 50, 100, 500, 1000]) as number[],
});

/** The default settings: those of an empty environment. Frozen. */
export const defaultMetricsConfig: CompleteMetricsConfig = complete(({ fallback }) => fallback);

/**
 * Reads the settings from environment variables. An empty variable counts as unset.
 * @param env the environment. Default: `process.env`
 * @throws ERR_METRICS_INVALID_CONFIG, one error that lists all invalid variables with their received and expected values
 * @example
 * const metrics = createMetrics(loadMetricsConfig());
 * @see https://12factor.net/config
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
    if (setting === undefined) problems.push(invalidValue(variable, row, given));
    return setting ?? fallback;
  });
  if (config.token !== undefined && config.tokenFile !== undefined) {
    problems.push('`METRICS_TOKEN` and `METRICS_TOKEN_FILE`: expected one of them, received both');
  }
  problems.push(...misspelledVariables(env));
  if (problems.length > 0) throw invalidConfig(problems);
  return config;
}

/**
 * Completes and checks settings that are given in code.
 * @param base the settings that are not given. Default: `defaultMetricsConfig`
 * @throws ERR_METRICS_INVALID_CONFIG as `loadMetricsConfig` does
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
      problems.push(invalidValue(byAlias ? alias : setting, row, given));
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

/** Variables that Kubernetes sets for a Service named `metrics`, in addition to METRICS_PORT. */
const kubernetesVariable = /^METRICS_(?:SERVICE_(?:HOST|PORT)|PORT_\d+_)/;

/** Unknown variables that resemble a known one: a misspelled variable would silently have no effect. */
function misspelledVariables(env: Readonly<Record<string, string | undefined>>): string[] {
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

/** The problem of an invalid value, by the name that it was given under. */
function invalidValue(name: string, { expected, hint, isSecret }: ConfigVariable, given: unknown): string {
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
    // Not enumerable: a copy such as `{ ...config, labels }` must not contain the old value under its alias.
    if (variable.alias !== undefined) Object.defineProperty(config, variable.alias, { value });
  }
  Object.freeze(config.labels);
  Object.freeze(config.retention);
  // A test checks that the table has every setting of the type.
  return Object.freeze(config) as unknown as CompleteMetricsConfig;
}

function invalidConfig(problems: readonly string[]): MetricsError {
  const [first] = problems;
  if (problems.length === 1)
    return metricsError('ERR_METRICS_INVALID_CONFIG', `Invalid configuration: ${first}.`);
  return metricsError(
    'ERR_METRICS_INVALID_CONFIG',
    `Invalid configuration, ${problems.length} problems:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`,
  );
}
