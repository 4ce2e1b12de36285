/** The views of one registry: the exposed definition of each instrument, and the instruments that are off. */
import type { HistogramDefinition, MetricDefinition } from './definition.js';
import { checkedBuckets } from './definition-checks.js';
import { didYouMean, metricsError, shown } from './errors.js';
import type { AnyInstrument } from './instruments/any-instrument.js';
import { Histogram } from './instruments/histogram.js';
import { noteSwitchOff, switchOff } from './instruments/switch-off.js';
import type { MetricsWarning } from './metrics-warning.js';
import {
  type NativeHistogramOptions,
  type NativeHistogramSettings,
  nativeSettings,
} from './native-histogram.js';
import { invalidOption } from './option-names.js';
import type { RegisteredInstruments } from './registered-instruments.js';
import { checkedViews, invalidView, type MetricView, type MetricViews, viewedDefinition } from './views.js';

export class RegistryViews {
  /** `false` once the registry is disabled. */
  isEnabled = true;

  readonly #registered: RegisteredInstruments;
  readonly #views = new Map<string, MetricView>();
  /** Buckets that the configuration replaces, by the name of the definition. */
  readonly #buckets = new Map<string, readonly number[]>();
  /** Settings that make histograms native, by the name of the definition. */
  readonly #native = new Map<string, NativeHistogramSettings>();
  /** Exposed definitions by declared definition. */
  #viewed = new WeakMap<MetricDefinition, MetricDefinition>();
  /** Instruments that are off, by the name of their definition. */
  readonly #off = new Map<string, AnyInstrument>();

  constructor(registered: RegisteredInstruments) {
    this.#registered = registered;
  }

  isOff({ name }: MetricDefinition): boolean {
    return !this.isEnabled || this.#views.get(name)?.enabled === false;
  }

  /** The exposed definition of a declared one. @throws ERR_METRICS_INVALID_VIEW if its view does not fit */
  viewed(definition: MetricDefinition): MetricDefinition {
    const view = this.#views.get(definition.name);
    if (view === undefined) return definition;
    const existing = this.#viewed.get(definition);
    if (existing !== undefined) return existing;
    const viewed = viewedDefinition(definition, view);
    this.#viewed.set(definition, viewed);
    return viewed;
  }

  /** The instrument by the name in its definition, also if it is off. */
  declared(name: string): AnyInstrument | undefined {
    const instrument = this.#registered.get(this.#views.get(name)?.name ?? name);
    return instrument?.declared.name === name ? instrument : this.#off.get(name);
  }

  /** An instrument that records nothing. It is not exposed, so it conflicts with no other definition of its name. */
  silent(definition: MetricDefinition, make: () => AnyInstrument): AnyInstrument {
    const { name, type } = definition;
    const existing = this.#off.get(name);
    if (existing?.type === type && existing.declared === definition) return existing;
    const instrument = make();
    switchOff(instrument);
    if (existing === undefined) this.#off.set(name, instrument);
    return instrument;
  }

  /** Adds views by metric and applies them to existing instruments. @throws as `MetricsRegistry.setViews` does */
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
      for (const instrument of instruments) this.applyBuckets(instrument);
      throw error;
    }
  }

  /** @throws as `MetricsRegistry.setBuckets` does */
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

  /** @throws as `MetricsRegistry.setNativeHistograms` does */
  setNativeHistograms(histograms: ReadonlyMap<string, NativeHistogramOptions>): void {
    if (Object.prototype.toString.call(histograms) !== '[object Map]')
      throw invalidOption(
        'setNativeHistograms',
        'histograms',
        'a Map of names to options, such as new Map([[name, {}]])',
        histograms,
      );
    for (const [name, options] of histograms) {
      const settings = nativeSettings(name, options);
      const existing = this.declared(name);
      const isViewed = this.#views.get(name)?.native !== undefined;
      if (existing instanceof Histogram && !isViewed && !existing.setNative(settings)) {
        throw metricsError(
          'ERR_METRICS_INVALID_OPTION',
          `Invalid native histogram \`${name}\`: expected a histogram without observations, received one with some. Call setNativeHistograms before anything is recorded.`,
        );
      }
      this.#native.set(name, settings);
    }
  }

  /** Applies the buckets and the native settings of a histogram: those of its view, else the configured ones, else its own. */
  applyBuckets(instrument: AnyInstrument): void {
    if (!(instrument instanceof Histogram)) return;
    const { name } = instrument.declared;
    const { buckets, native } = this.#views.get(name) ?? {};
    const { definition } = instrument;
    instrument.rebucket(buckets ?? this.#buckets.get(name) ?? definition.buckets);
    instrument.setNative(
      native === undefined ? (this.#native.get(name) ?? definition.native) : definition.native,
    );
  }

  /** Switches off all existing and future instruments. */
  disable(): void {
    if (!this.isEnabled) return;
    this.isEnabled = false;
    noteSwitchOff();
    for (const instrument of [...this.#registered.all(), ...this.#registered.removed()])
      this.#silence(instrument);
  }

  /** Warns of views whose metric neither exists nor is known by name, for example because it is misspelt. */
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
      warnOnce(`view ${metric}`, () => ({
        code: 'METRICS_VIEW_UNUSED',
        message: `The view of metric ${shown(metric)} has changed nothing: expected the name of a definition, and none has been used that has it.${didYouMean(metric, names)} Views are for metrics of this package's definitions, by the name in the definition.`,
      }));
    }
  }

  /** Applies the views of all instruments, or of none if one fails. */
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
        redefine(instrument, viewed, this.#views.get(instrument.declared.name));
        this.#registered.add(instrument);
      }
    } catch (error) {
      for (const { instrument } of changed) this.#registered.withdraw(instrument);
      for (const { instrument, before } of changed) {
        redefine(instrument, before);
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

/** @throws ERR_METRICS_INVALID_VIEW if the change would lose recorded values */
function redefine(
  instrument: AnyInstrument,
  viewed: MetricDefinition,
  { buckets, native }: MetricView = {},
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
  if (instrument instanceof Histogram && native !== undefined) {
    const isDone = instrument.setNative((viewed as HistogramDefinition).native);
    if (!isDone)
      throw invalidView(name, 'native', 'those with which it has observations, received others', remedy);
  }
  if (!instrument.redefine(viewed as never))
    throw invalidView(name, 'dropLabels', 'the labels with which it has recordings, received others', remedy);
}
