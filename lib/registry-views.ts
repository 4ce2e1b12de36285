/** The views of one registry: which definition an instrument has, and which instruments are off. */
import type { MetricDefinition } from './definition.js';
import { checkedBuckets } from './definition-checks.js';
import { metricsError, nearest, shown } from './errors.js';
import type { AnyInstrument } from './instruments/any-instrument.js';
import { Histogram } from './instruments/histogram.js';
import { noteSwitchOff, switchOff } from './instruments/switch-off.js';
import type { MetricsWarning } from './metrics-warning.js';
import type { RegisteredInstruments } from './registered-instruments.js';
import { checkedViews, invalidView, type MetricView, type MetricViews, viewedDefinition } from './views.js';

export class RegistryViews {
  /** Whether anything is recorded at all. */
  isEnabled = true;

  readonly #registered: RegisteredInstruments;
  readonly #views = new Map<string, MetricView>();
  /** By the name of the definition: those that the configuration gives in place of its own. */
  readonly #buckets = new Map<string, readonly number[]>();
  /** Definitions as they are exposed, by those of the code. */
  #viewed = new WeakMap<MetricDefinition, MetricDefinition>();
  /** By the name of their definition: they have no other. */
  readonly #off = new Map<string, AnyInstrument>();

  constructor(registered: RegisteredInstruments) {
    this.#registered = registered;
  }

  isOff({ name }: MetricDefinition): boolean {
    return !this.isEnabled || this.#views.get(name)?.enabled === false;
  }

  /** A definition as it is exposed. @throws ERR_METRICS_INVALID_VIEW where its view does not fit it */
  viewed(definition: MetricDefinition): MetricDefinition {
    const view = this.#views.get(definition.name);
    if (view === undefined) return definition;
    const existing = this.#viewed.get(definition);
    if (existing !== undefined) return existing;
    const viewed = viewedDefinition(definition, view);
    this.#viewed.set(definition, viewed);
    return viewed;
  }

  /** The instrument whose definition has a name, switched off or not. */
  declared(name: string): AnyInstrument | undefined {
    const instrument = this.#registered.get(this.#views.get(name)?.name ?? name);
    return instrument?.declared.name === name ? instrument : this.#off.get(name);
  }

  /** An instrument that does nothing. What is exposed nowhere conflicts with nothing: another definition has its own. */
  silent(definition: MetricDefinition, make: () => AnyInstrument): AnyInstrument {
    const { name, type } = definition;
    const existing = this.#off.get(name);
    if (existing?.type === type && existing.declared === definition) return existing;
    const instrument = make();
    switchOff(instrument);
    if (existing === undefined) this.#off.set(name, instrument);
    return instrument;
  }

  /** Adds views, by metric: instruments that are there take them now. @throws as `MetricsRegistry.setViews` */
  add(views: MetricViews): void {
    const added = checkedViews(views);
    const before = new Map(this.#views);
    const instruments = this.#registered.all().filter(({ declared }) => added.has(declared.name));
    try {
      for (const [name, view] of added) {
        if (this.isEnabled && this.#off.has(name) && view.enabled !== false)
          throw invalidView(
            name,
            'enabled',
            'false, since a metric that is switched off stays off, received true',
          );
        this.#views.set(name, view);
      }
      this.#viewed = new WeakMap();
      this.#apply(instruments);
    } catch (error) {
      this.#views.clear();
      for (const [name, view] of before) this.#views.set(name, view);
      this.#viewed = new WeakMap();
      throw error;
    }
  }

  /** @throws as `MetricsRegistry.setBuckets` */
  setBuckets(buckets: ReadonlyMap<string, readonly number[]>): void {
    for (const [name, given] of buckets) {
      const bounds = checkedBuckets(name, given);
      const existing = this.declared(name);
      const isViewed = this.#views.get(name)?.buckets !== undefined;
      if (existing instanceof Histogram && !isViewed && !existing.rebucket(bounds)) {
        throw metricsError(
          'ERR_METRICS_INVALID_OPTION',
          `Invalid buckets of metric \`${name}\`: expected ${existing.buckets.join(', ')}, in which it has observations, received ${bounds.join(', ')}. Set buckets before anything is recorded.`,
        );
      }
      this.#buckets.set(name, bounds);
    }
  }

  /** Gives a histogram the buckets of its view, else those that were set for it, else its own. */
  applyBuckets(instrument: AnyInstrument): void {
    if (!(instrument instanceof Histogram)) return;
    const { name } = instrument.declared;
    const viewed = this.#views.get(name)?.buckets;
    instrument.rebucket(viewed ?? this.#buckets.get(name) ?? instrument.definition.buckets);
  }

  /** Switches all instruments off, those of today and those to come. */
  disable(): void {
    if (!this.isEnabled) return;
    this.isEnabled = false;
    noteSwitchOff();
    for (const instrument of [...this.#registered.all(), ...this.#registered.removed()])
      this.#silence(instrument);
  }

  /** Warns of views whose metric is neither made nor known by name: a misspelt one changes nothing. */
  warnOfUnused(
    known: readonly string[],
    warnOnce: (key: string, warning: () => MetricsWarning) => void,
  ): void {
    const names = [
      ...known,
      ...this.#registered.all().map(({ declared }) => declared.name),
      ...this.#off.keys(),
    ];
    for (const metric of this.#views.keys()) {
      if (names.includes(metric)) continue;
      warnOnce(`view ${metric}`, () => {
        const meant = nearest(metric, names);
        return {
          code: 'METRICS_VIEW_UNUSED',
          message: `The view of metric ${shown(metric)} has changed nothing: expected the name of a definition, and none has been used that has it.${meant === undefined ? '' : ` Did you mean \`${meant}\`?`} Views are for metrics of this package's definitions, by the name in the definition.`,
        };
      });
    }
  }

  /** All or none take their views: what fails leaves every instrument as it was. */
  #apply(instruments: readonly AnyInstrument[]): void {
    const off = instruments.filter(({ declared }) => this.isOff(declared));
    const changed = instruments
      .filter((instrument) => !off.includes(instrument))
      .map((instrument) => ({
        instrument,
        before: instrument.definition,
        viewed: this.viewed(instrument.declared),
      }))
      .filter(({ before, viewed }) => before !== viewed);
    for (const { instrument } of changed) this.#registered.withdraw(instrument);
    try {
      for (const { instrument, viewed } of changed) {
        redefine(instrument, viewed, this.#views.get(instrument.declared.name)?.buckets);
        this.#registered.add(instrument);
      }
    } catch (error) {
      for (const { instrument } of changed) this.#registered.withdraw(instrument);
      for (const { instrument, before } of changed) {
        redefine(instrument, before, undefined);
        this.#registered.add(instrument);
      }
      throw error;
    }
    for (const instrument of off) this.#silence(instrument);
  }

  #silence(instrument: AnyInstrument): void {
    this.#registered.withdraw(instrument);
    switchOff(instrument);
    this.#off.set(instrument.declared.name, instrument);
  }
}

/** @throws ERR_METRICS_INVALID_VIEW where numbers are there that the change would lose */
function redefine(
  instrument: AnyInstrument,
  viewed: MetricDefinition,
  buckets: readonly number[] | undefined,
): void {
  const { name } = instrument.declared;
  const remedy = ' Give views before anything is recorded, to the registry or to `createMetrics`.';
  if (instrument instanceof Histogram && buckets !== undefined && !instrument.rebucket(buckets)) {
    throw invalidView(
      name,
      'buckets',
      `${instrument.buckets.join(', ')}, in which it has observations, received ${buckets.join(', ')}`,
      remedy,
    );
  }
  if (!instrument.redefine(viewed as never))
    throw invalidView(name, 'dropLabels', 'the labels with which it has recordings, received others', remedy);
}
