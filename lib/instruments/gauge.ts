/** Gauges: values that go up and down. */
import type { GaugeDefinition } from '../definition.js';
import type { LabelShape, LabelValues } from '../label.js';
import { recognizeCopies } from '../process-wide.js';
import { metricOf, Series, successorOf } from './branch.js';
import { Instrument, type InstrumentContext, type Sample, type SampleLabels } from './instrument.js';
import {
  type BoundMethods,
  bindMethods,
  type PromClientArgument,
  type PromClientStop,
  type StopTimer,
} from './prom-client-shape.js';
import { timer } from './stopwatch.js';
import { bareNumber, checkFinite, isLabels, valueError } from './value-checks.js';

/** One series of a gauge, bound to its label values. */
export class GaugeSeries extends Series {
  /** The current value. Read-only: use the methods to change it. */
  value = 0;

  /** Adds 1 or a finite number. @throws ERR_METRICS_INVALID_VALUE, without changing the value */
  inc(value = 1): void {
    if (!Number.isFinite(value)) throw valueError('increment of gauge', metricOf(this), value);
    if (this.branch === undefined) successorOf(this).value += value;
    else this.value += value;
  }

  /** Subtracts 1 or a finite number. @throws ERR_METRICS_INVALID_VALUE, without changing the value */
  dec(value = 1): void {
    if (!Number.isFinite(value)) throw valueError('decrement of gauge', metricOf(this), value);
    if (this.branch === undefined) successorOf(this).value -= value;
    else this.value -= value;
  }

  /** Sets a finite number. @throws ERR_METRICS_INVALID_VALUE, without changing the value */
  set(value: number): void {
    if (!Number.isFinite(value)) throw valueError('value of gauge', metricOf(this), value);
    if (this.branch === undefined) successorOf(this).value = value;
    else this.value = value;
  }

  /** Sets the current time, in seconds since 1970. */
  setToCurrentTime(): void {
    this.set(Date.now() / 1000);
  }

  /** Starts a timer; the returned function sets and returns the seconds since. */
  startTimer(): () => number {
    return timer((seconds) => this.set(seconds));
  }
}

/** A series of a gauge with `expireAfterSeconds`, which keeps the time of its last recording. */
class ExpiringGaugeSeries extends GaugeSeries {
  /** Milliseconds since 1970. */
  touchedAt = Date.now();

  override inc(value = 1): void {
    const successor = this.#successor(value);
    if (successor !== undefined) {
      successor.inc(value);
      return;
    }
    super.inc(value);
    this.touchedAt = Date.now();
  }

  override dec(value = 1): void {
    const successor = this.#successor(value);
    if (successor !== undefined) {
      successor.dec(value);
      return;
    }
    super.dec(value);
    this.touchedAt = Date.now();
  }

  override set(value: number): void {
    const successor = this.#successor(value);
    if (successor !== undefined) {
      successor.set(value);
      return;
    }
    super.set(value);
    this.touchedAt = Date.now();
  }

  /** The series that replaced it after it expired; `undefined` if it is in the tree. */
  #successor(value: number): ExpiringGaugeSeries | undefined {
    if (this.branch !== undefined || !Number.isFinite(value)) return undefined;
    const series: ExpiringGaugeSeries = successorOf(this);
    return series === this ? undefined : series;
  }
}

/**
 * A gauge of a registry, made by `registry.gauge(definition)`. The calls are those of prom-client's `Gauge`.
 * @example
 * const depth = registry.gauge(queueDepth);
 * depth.set({ queue_name: 'issues' }, 12);
 * @see https://prometheus.io/docs/concepts/metric_types/#gauge
 */
export class Gauge<L extends LabelShape = LabelShape> extends Instrument<GaugeDefinition<L>, GaugeSeries> {
  /** @internal */
  constructor(definition: GaugeDefinition<L>, context: InstrumentContext) {
    super(definition, context, {
      create: (key, branch) =>
        definition.expireAfterSeconds === undefined
          ? new GaugeSeries(key, branch)
          : new ExpiringGaugeSeries(key, branch),
      onRemove: (series) => {
        series.value = 0;
      },
    });
    bindMethods(this, ['inc', 'dec', 'set', 'setToCurrentTime', 'startTimer']);
    this.zeroBare();
  }

  /**
   * Adds 1 or a finite number to the series of these labels.
   * @throws ERR_METRICS_INVALID_VALUE, ERR_METRICS_UNKNOWN_LABEL, ERR_METRICS_INVALID_LABEL_VALUE,
   *   without changing a series
   */
  inc(none: PromClientArgument<L>): void;
  /** Adds to the series without labels. */
  inc(value?: number): void;
  /** Adds to the series of these labels. */
  inc(labels: LabelValues<L>, value?: number): void;
  inc(labelsOrValue?: LabelValues<L> | number, value?: number): void {
    const amount = isLabels(labelsOrValue) ? value : bareNumber(this.name, labelsOrValue, value);
    // Before the series is looked up: an invalid value must not create a series.
    if (amount !== undefined) checkFinite('increment of gauge', this.name, amount);
    this.#seriesOf(labelsOrValue).inc(amount);
  }

  /** Subtracts 1 or a finite number from the series of these labels. @throws as `inc` does */
  dec(none: PromClientArgument<L>): void;
  /** Subtracts from the series without labels. */
  dec(value?: number): void;
  /** Subtracts from the series of these labels. */
  dec(labels: LabelValues<L>, value?: number): void;
  dec(labelsOrValue?: LabelValues<L> | number, value?: number): void {
    const amount = isLabels(labelsOrValue) ? value : bareNumber(this.name, labelsOrValue, value);
    if (amount !== undefined) checkFinite('decrement of gauge', this.name, amount);
    this.#seriesOf(labelsOrValue).dec(amount);
  }

  /** Sets the series of these labels to a finite number. @throws as `inc` does */
  set(none: PromClientArgument<L>): void;
  /** Sets the series without labels. */
  set(value: number): void;
  /** Sets the series of these labels. */
  set(labels: LabelValues<L>, value: number): void;
  set(labelsOrValue: LabelValues<L> | number, value?: number): void {
    const amount = isLabels(labelsOrValue) ? value : bareNumber(this.name, labelsOrValue, value);
    checkFinite('value of gauge', this.name, amount);
    this.#seriesOf(labelsOrValue).set(amount);
  }

  /** Sets the current time, in seconds since 1970. */
  setToCurrentTime(none: PromClientArgument<L>): void;
  /** Sets the current time in the series of these labels, or the one without labels. */
  setToCurrentTime(labels?: LabelValues<L>): void;
  setToCurrentTime(labels?: LabelValues<L>): void {
    this.#seriesOf(labels).setToCurrentTime();
  }

  /** Starts a timer; the returned function sets and returns the seconds since. Labels may be given at the start and at the end. */
  startTimer(none: PromClientArgument<L>): PromClientStop<L>;
  /** Starts a timer for the series of these labels. */
  startTimer(labels?: Partial<LabelValues<L>>): StopTimer<L>;
  startTimer(labels?: Partial<LabelValues<L>>): StopTimer<L> & PromClientStop<L> {
    return timer((seconds, endLabels: object | undefined) =>
      this.series.find(endLabels === undefined ? (labels ?? {}) : { ...labels, ...endLabels }).set(seconds),
    );
  }

  /** Removes expired series, runs the collect functions, and resolves when all have settled. */
  override collect(): void | Promise<void> {
    const { expireAfterSeconds } = this.definition;
    if (expireAfterSeconds !== undefined) this.#expire(expireAfterSeconds);
    return super.collect();
  }

  /** @internal */
  protected override methodsOf(series: GaugeSeries): BoundMethods<GaugeSeries, L> {
    return {
      inc: (value) => series.inc(value),
      dec: (value) => series.dec(value),
      set: (value) => series.set(value),
      setToCurrentTime: () => series.setToCurrentTime(),
      startTimer: () =>
        timer((seconds, labels: object | undefined) =>
          labels === undefined ? series.set(seconds) : this.set(this.endLabels(series, labels), seconds),
        ),
    };
  }

  /** @internal */
  protected override samplesOf(series: GaugeSeries, labels: SampleLabels): Sample[] {
    return [{ value: series.value, labels }];
  }

  #expire(seconds: number): void {
    const now = Date.now();
    for (const series of [...this.series]) {
      if (!(series instanceof ExpiringGaugeSeries)) continue;
      // The clock was set back: a recording in the future counts as one of now.
      if (series.touchedAt > now) series.touchedAt = now;
      if (series.touchedAt < now - seconds * 1_000) this.series.remove(series);
    }
    this.zeroBare();
  }

  #seriesOf(labels: unknown): GaugeSeries {
    return isLabels(labels) ? this.series.find(labels) : this.series.unlabelled();
  }
}

recognizeCopies(Gauge, 'Gauge');
