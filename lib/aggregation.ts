/** Metrics derived from others: computed at each scrape from the numbers of that scrape, so they are never stale. */
import {
  issueCompletionDuration,
  issuesAverageCompletionDuration,
  issuesProcessed,
  issuesSuccessRate,
} from './catalogue/workflow.js';
import type { GaugeDefinition, LabelShape, LabelValues, MetricType } from './definition.js';
import { metricsError, shown } from './errors.js';
import type { Gauge } from './instruments/gauge.js';
import { checkFactoryOptions } from './option-checks.js';
import { type MetricsRegistry, type StructuralRegistry, sharedRegistry } from './registry.js';

/** One number of a metric. */
export interface AggregatedSample {
  /** Name of the sample: of the metric, or of its part (`..._sum`, `..._count`, `..._bucket`). */
  readonly name: string;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
}

/** A metric with its numbers, as `getMetricsAsJSON()` of a prom-client registry has it. */
export interface MetricData {
  readonly name: string;
  readonly type: MetricType | string;
  readonly values: readonly {
    readonly value: number;
    readonly labels: Readonly<Record<string, string | number | undefined>>;
    readonly metricName?: string | undefined;
  }[];
}

/** How one gauge is derived. */
export interface AggregationRule<L extends LabelShape = LabelShape> {
  /** The gauge that takes the result: its name, and the labels by which samples are grouped. */
  readonly output: GaugeDefinition<L>;
  /** Whether a metric is read. It is asked once a scrape for each metric of the registry. */
  readonly matches: (metric: Pick<MetricData, 'name' | 'type'>) => boolean;
  /**
   * The number made of the samples of the matching metrics (a histogram has its buckets, sum and count: see `averageOf`), once for each group that has equal values of the output's labels.
   * `undefined`, or a number that is not finite, leaves the series of the group out; a gauge without labels is 0 then.
   */
  readonly aggregate: (samples: readonly AggregatedSample[], labels: LabelValues<L>) => number | undefined;
}

/** One derived number. */
export interface DerivedSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface MetricsAggregatorOptions {
  /** What is read, and where the derived gauges come out. Default: `sharedRegistry`. */
  readonly registry?: MetricsRegistry<StructuralRegistry>;
  /** The rules to begin with. Default: `defaultAggregationRules`. */
  readonly rules?: readonly AggregationRule[];
}

/** `issues_success_rate`: issues that succeeded over all that ended, 0 to 1; 0 until one has. */
const successRate: AggregationRule = {
  output: issuesSuccessRate,
  matches: ({ name }) => name === issuesProcessed.name,
  aggregate: (samples) => {
    const all = sumOf(samples);
    return all === 0 ? 0 : sumOf(samples.filter(({ labels }) => labels.outcome === 'success')) / all;
  },
};

/** `issues_average_completion_duration_seconds`: the sum over the count of the histogram; 0 until an issue has ended. */
const averageDuration: AggregationRule = {
  output: issuesAverageCompletionDuration,
  matches: ({ name }) => name === issueCompletionDuration.name,
  aggregate: (samples) => averageOf(samples) ?? 0,
};

export const defaultAggregationRules: readonly AggregationRule[] = Object.freeze([
  successRate,
  averageDuration,
]);

/**
 * Derives gauges from the metrics of a registry. They are computed at each scrape; a rule that throws leaves out its own
 * gauge only, counted in `metrics_collector_errors_total`. Rules read no derived gauge.
 * @example
 * new MetricsAggregator().addRule({
 *   output: defineGauge({ name: 'ai_cost_usd_by_provider', help: 'Cost so far.', labels: { provider: label() } }),
 *   matches: ({ name }) => name === catalogue.aiCost.name,
 *   aggregate: (samples) => samples.reduce((sum, { value }) => sum + value, 0),
 * });
 */
export class MetricsAggregator {
  readonly #registry: MetricsRegistry<StructuralRegistry>;
  readonly #rules = new Map<string, AggregationRule>();
  readonly #removals: (() => void)[] = [];

  /** @throws what `addRule` throws */
  constructor(options: MetricsAggregatorOptions = {}) {
    checkFactoryOptions('MetricsAggregator', options, ['registry', 'rules']);
    const { registry = sharedRegistry, rules = defaultAggregationRules } = options;
    this.#registry = registry;
    for (const rule of rules) this.addRule(rule);
  }

  /**
   * Adds a rule; its gauge comes out from the next scrape on. Labels that a sample lacks are empty.
   * @throws ERR_METRICS_INVALID_OPTION for a rule that cannot be used, or whose output another rule has;
   *   ERR_METRICS_DEFINITION_CONFLICT where another metric has the name of its output
   */
  addRule<L extends LabelShape>(rule: AggregationRule<L>): this {
    checkRule(rule);
    const { name } = rule.output;
    if (this.#rules.has(name)) {
      throw metricsError(
        'ERR_METRICS_INVALID_OPTION',
        `Invalid \`output\` of an aggregation rule: expected a gauge that no other rule has, received \`${name}\`.`,
      );
    }
    const gauge = this.#registry.gauge(rule.output);
    derivedGauges.add(gauge);
    // Rules differ in their labels; inside they are kept by the widest type.
    const kept = rule as unknown as AggregationRule;
    this.#rules.set(name, kept);
    this.#removals.push(
      gauge.addCollect(async () => {
        try {
          update(gauge as unknown as Gauge, derive(kept, await this.#read(kept)));
        } catch (error) {
          // Contained here and not by the scrape: prom-client's own reading of the registry would fail as a whole.
          gauge.series.clear();
          this.#registry.collectFailed(name, error);
        }
      }),
    );
    return this;
  }

  /**
   * Applies the rules to metrics that were read elsewhere, `await registry.prometheus.getMetricsAsJSON()` for instance, and
   * returns what they make of them. Changes no gauge.
   */
  aggregate(metrics: readonly MetricData[]): DerivedSample[] {
    return [...this.#rules.values()].flatMap((rule) =>
      derive(
        rule,
        metrics.filter((metric) => this.#isRead(rule, metric)),
      ),
    );
  }

  /** Ends it: the gauges keep their last numbers. */
  stop(): void {
    for (const remove of this.#removals.splice(0)) remove();
  }

  /** The matching metrics with their numbers as of now. */
  async #read(rule: AggregationRule): Promise<MetricData[]> {
    const metrics = this.#registry.prometheus.getMetricsAsArray() as readonly ReadableMetric[];
    // A derived gauge is no input: two rules, of two aggregators even, could wait for each other without end.
    const inputs = metrics.filter((metric) => !derivedGauges.has(metric) && this.#isRead(rule, metric));
    return Promise.all(inputs.map((metric) => metric.get()));
  }

  #isRead(rule: AggregationRule, { name, type }: Pick<MetricData, 'name' | 'type'>): boolean {
    return !this.#rules.has(name) && rule.matches({ name, type });
  }
}

const derivedGauges = new WeakSet<object>();

/** Sum of the values. */
export function sumOf(samples: readonly AggregatedSample[]): number {
  return samples.reduce((sum, { value }) => sum + value, 0);
}

/** Sum over count of histograms or summaries; `undefined` where nothing was observed. */
export function averageOf(samples: readonly AggregatedSample[]): number | undefined {
  const part = (suffix: string): number => sumOf(samples.filter(({ name }) => name.endsWith(suffix)));
  const count = part('_count');
  return count === 0 ? undefined : part('_sum') / count;
}

/** What a metric of any library must have to be read. */
interface ReadableMetric extends Pick<MetricData, 'name' | 'type'> {
  get(): MetricData | Promise<MetricData>;
}

/** Sets the groups that there are, in place since a scrape may be reading them, and removes those that are gone. */
function update({ series: tree, labelNames }: Gauge, derived: readonly DerivedSample[]): void {
  if (labelNames.length === 0) {
    tree.bare().set(derived[0]?.value ?? 0);
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

function derive({ output, aggregate }: AggregationRule, metrics: readonly MetricData[]): DerivedSample[] {
  const names = Object.keys(output.labels);
  const groups = grouped(samplesOf(metrics), names);
  // Without labels there is one group, also of nothing.
  if (names.length === 0 && groups.length === 0) groups.push({ labels: {}, samples: [] });
  return groups.flatMap(({ labels, samples }) => {
    const value = aggregate(samples, labels);
    return value === undefined || !Number.isFinite(value) ? [] : [{ name: output.name, labels, value }];
  });
}

interface Group {
  readonly labels: Readonly<Record<string, string>>;
  readonly samples: AggregatedSample[];
}

/** Samples by their values of some labels: a tree, since a concatenated key would merge what differs. */
function grouped(samples: readonly AggregatedSample[], names: readonly string[]): Group[] {
  const groups: Group[] = [];
  const root: GroupTree = new Map();
  for (const sample of samples) {
    const values = names.map((name) => String(sample.labels[name] ?? ''));
    let node = root;
    for (const value of values) {
      const next = node.get(value) ?? (new Map() as GroupTree);
      node.set(value, next);
      node = next;
    }
    let group = groupAt.get(node);
    if (group === undefined) {
      group = {
        labels: Object.fromEntries(names.map((name, index) => [name, values[index] ?? ''])),
        samples: [],
      };
      groupAt.set(node, group);
      groups.push(group);
    }
    group.samples.push(sample);
  }
  return groups;
}

type GroupTree = Map<string, GroupTree>;
const groupAt = new WeakMap<GroupTree, Group>();

function samplesOf(metrics: readonly MetricData[]): AggregatedSample[] {
  return metrics.flatMap(({ name, values }) =>
    values.map(({ value, labels, metricName }) => ({
      name: metricName ?? name,
      labels: labels as AggregatedSample['labels'],
      value,
    })),
  );
}

function checkRule(rule: unknown): void {
  const { output, matches, aggregate } = (typeof rule === 'object' && rule !== null ? rule : {}) as Partial<
    Record<keyof AggregationRule, unknown>
  >;
  const invalid = (part: string, expected: string, received: unknown): Error =>
    metricsError(
      'ERR_METRICS_INVALID_OPTION',
      `Invalid \`${part}\` of an aggregation rule: expected ${expected}, received ${shown(received)}.`,
    );
  const { type } = (typeof output === 'object' && output !== null ? output : {}) as { type?: unknown };
  if (type !== 'gauge') throw invalid('output', 'a gauge made by defineGauge', output);
  if (typeof matches !== 'function') throw invalid('matches', 'a function of a metric', matches);
  if (typeof aggregate !== 'function') throw invalid('aggregate', 'a function of samples', aggregate);
}
