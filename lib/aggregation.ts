/** Metrics derived from others: gauges computed at each scrape from the numbers of that scrape, and numbers on request. */
import {
  type AggregatedMetrics,
  type AggregationRule,
  checkRule,
  defaultAggregationRules,
  type GaugeRule,
  isSampleRule,
  type MetricData,
  type MetricFamily,
} from './aggregation-rules.js';
import { metricsError } from './errors.js';
import type { Gauge } from './instruments/gauge.js';
import type { LabelShape } from './label.js';
import { checkFactoryOptions } from './option-checks.js';
import { processWide } from './process-wide.js';
import { type AnyRegistry, sharedRegistry } from './registry.js';
import {
  declaredFamily,
  declaredName,
  familiesOf,
  familyOf,
  flatSamples,
  grouped,
  samplesOf,
} from './sample-groups.js';

/** Options of {@link MetricsAggregator}. */
export interface MetricsAggregatorOptions {
  /** The registry that is read, and that exposes the derived gauges. Default: `sharedRegistry`. */
  readonly registry?: AnyRegistry;
  /** The initial rules. Default: `defaultAggregationRules`. */
  readonly rules?: readonly (GaugeRule | AggregationRule)[];
}

/**
 * Derives gauges from the metrics of a registry, at each scrape. A rule that throws only leaves out its own gauge, and is counted
 * in `metrics_collector_errors_total`. Rules do not read derived gauges.
 * @example
 * new MetricsAggregator().addRule({
 *   output: defineGauge({ name: 'ai_cost_usd_by_provider', help: 'Cost so far.', labels: { provider: label() } }),
 *   matches: ({ name }) => name === catalogue.aiCost.name,
 *   aggregate: (samples) => samples.reduce((sum, { value }) => sum + value, 0),
 * });
 */
export class MetricsAggregator {
  readonly #registry: AnyRegistry;
  readonly #rules = new Map<string, GaugeRule>();
  readonly #sampleRules: AggregationRule[] = [];
  readonly #removals: (() => void)[] = [];

  /** @throws ERR_METRICS_INVALID_OPTION for unknown options; as {@link MetricsAggregator.addRule} for rules */
  constructor(options: MetricsAggregatorOptions = {}) {
    checkFactoryOptions('MetricsAggregator', options, { registry: true, rules: true });
    const { registry = sharedRegistry, rules = defaultAggregationRules } = options;
    this.#registry = registry;
    for (const rule of rules) this.addRule(rule as GaugeRule);
  }

  /**
   * Adds a rule. The gauge of a rule with an `output` is exposed from the next scrape on; a rule with an `outputName` is applied
   * by `aggregate()`. Absent labels of a sample are empty strings.
   * @throws ERR_METRICS_INVALID_OPTION for an invalid rule, or a gauge of another rule;
   *   ERR_METRICS_DEFINITION_CONFLICT if another metric has the name of its output
   */
  addRule(rule: AggregationRule): this;
  /** Adds a rule whose gauge is exposed at every scrape. */
  addRule<L extends LabelShape>(rule: GaugeRule<L>): this;
  addRule(rule: AggregationRule | GaugeRule): this {
    checkRule(rule);
    if (isSampleRule(rule)) this.#sampleRules.push(rule);
    else this.#addGaugeRule(rule);
    return this;
  }

  #addGaugeRule(rule: GaugeRule): void {
    const { name } = rule.output;
    if (this.#rules.has(name)) {
      throw metricsError(
        'ERR_METRICS_INVALID_OPTION',
        `Invalid \`output\` of an aggregation rule: expected a gauge that no other rule has, received \`${name}\`.`,
      );
    }
    const gauge = this.#registry.gauge(rule.output);
    derivedGauges.add(gauge);
    this.#rules.set(name, rule);
    this.#removals.push(
      gauge.addCollect(async () => {
        try {
          update(gauge as unknown as Gauge, derive(rule, await this.#read(rule), new Date()));
        } catch (error) {
          // Caught here, since prom-client's own `metrics()` would fail as a whole.
          gauge.series.clear();
          this.#registry.collectFailed(name, error);
        }
      }),
    );
  }

  /**
   * Applies the rules to samples and returns the results. Changes no gauge.
   * @param metrics samples, or families as `await registry.prometheus.getMetricsAsJSON()` gives them. Default: what the
   *   instruments of the registry hold now, without running collect functions and without metrics of other libraries.
   * @throws what a rule throws
   */
  aggregate(metrics?: readonly MetricData[] | readonly MetricFamily[]): AggregatedMetrics[] {
    const now = new Date();
    const given = metrics ?? this.#ownFamilies();
    const [families, samples] = isFlat(given) ? [familiesOf(given), given] : [given, flatSamples(given, now)];
    const ofGauges = [...this.#rules.values()].flatMap((rule) =>
      derive(
        rule,
        families.filter((metric) => this.#isRead(rule, metric)),
        now,
      ),
    );
    const ofSamples = this.#sampleRules.map(({ matches, aggregate, outputName, outputLabels }) => ({
      name: outputName,
      value: aggregate(samples.filter(matches)),
      labels: { ...outputLabels },
      timestamp: now,
    }));
    return [...ofGauges, ...ofSamples.filter(({ value }) => Number.isFinite(value))];
  }

  /** Stops deriving: the gauges keep their last values. */
  stop(): void {
    for (const remove of this.#removals.splice(0)) remove();
  }

  #ownFamilies(): MetricFamily[] {
    return this.#registry
      .instruments()
      .filter((instrument) => !derivedGauges.has(instrument))
      .map(familyOf);
  }

  /** The matching metrics with their numbers as of now. */
  async #read(rule: GaugeRule): Promise<MetricFamily[]> {
    const metrics = this.#registry.prometheus.getMetricsAsArray() as readonly ReadableMetric[];
    // Derived gauges are not read: two rules, even of two aggregators, could wait for each other for ever.
    const inputs = metrics.filter(
      (metric) =>
        !derivedGauges.has(metric) &&
        this.#isRead(rule, { type: metric.type, name: declaredName(metric, metric.name) }),
    );
    return Promise.all(inputs.map(async (metric) => declaredFamily(metric, await metric.get())));
  }

  #isRead(rule: GaugeRule, { name, type }: Pick<MetricFamily, 'name' | 'type'>): boolean {
    return !this.#rules.has(name) && rule.matches({ name, type });
  }
}

const derivedGauges = processWide('derived gauges', () => new WeakSet<object>());

/** A metric of any library. */
interface ReadableMetric extends Pick<MetricFamily, 'name' | 'type'> {
  get(): MetricFamily | Promise<MetricFamily>;
}

/** Sets the series of all groups in place, since a scrape may be reading them, and removes the others. */
function update({ series: tree, labelNames }: Gauge, derived: readonly AggregatedMetrics[]): void {
  if (labelNames.length === 0) {
    tree.unlabelled().set(derived[0]?.value ?? 0);
    return;
  }
  const present = new Set<unknown>();
  for (const { labels, value } of derived) {
    const series = tree.find(labels);
    series.set(value);
    present.add(series);
  }
  for (const series of [...tree]) if (!present.has(series)) tree.remove(series);
}

function isFlat(metrics: readonly MetricData[] | readonly MetricFamily[]): metrics is readonly MetricData[] {
  return !metrics.some((metric) => 'values' in metric);
}

function derive(
  { output, aggregate }: GaugeRule,
  metrics: readonly MetricFamily[],
  timestamp: Date,
): AggregatedMetrics[] {
  const names = Object.keys(output.labels);
  const groups = grouped(samplesOf(metrics), names);
  // Without labels there is one group, also of nothing.
  if (names.length === 0 && groups.length === 0) groups.push({ labels: {}, samples: [] });
  return groups.flatMap(({ labels, samples }) => {
    const value = aggregate(samples, labels);
    return value === undefined || !Number.isFinite(value)
      ? []
      : [{ name: output.name, value, labels: { ...labels }, timestamp }];
  });
}
