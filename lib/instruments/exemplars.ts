/**
 * Exemplars: labels that lead from a counter or a bucket of a histogram to one of its recordings, for example to its trace.
 *
 * A counter series or a bucket gets a slot with its first exemplar, and reuses it. It takes at most one exemplar a second. Of
 * recordings that follow one another within a millisecond, most do not even look for a span: `exemplar-pace.ts`.
 * @see https://github.com/prometheus/OpenMetrics/blob/v1.0.0/specification/OpenMetrics.md#exemplars
 */
import { labelContext } from '../label-context.js';
import { metricOf, type Series } from './branch.js';
import { checkedExemplar } from './exemplar-labels.js';
import { type Pace, paceAfter, skipMask, withoutSkips } from './exemplar-pace.js';
import { currentSource, hasContextLabels, type SpanContext, sampledSpan } from './exemplar-sources.js';

/** Labels of an exemplar, by name; an absent or empty value is left out. */
export type ExemplarLabels = Readonly<Record<string, string | number | boolean | null | undefined>>;

/** The labels of an exemplar, or a function that returns them and is called only if one is due. */
export type ExemplarSource<A = never> = ExemplarLabels | ((argument: A) => ExemplarLabels | undefined);

/** An exemplar of a counter series or a bucket. The next one replaces its values: copy what outlives the current function. */
export interface Exemplar {
  /** Valid names and values that are not empty, 128 code points in total at most. */
  readonly labels: Readonly<Record<string, string>>;
  /** The observed value, or the increment of the counter. */
  readonly value: number;
  /** Milliseconds since 1970. */
  readonly timestamp: number;
}

/** The exemplars of one registry. */
export interface ExemplarSettings {
  /** `false` takes none. */
  isOn: boolean;
  /** The labels of `withLabels` that exemplars get. */
  contextLabels: readonly string[];
  /** Counts a failed exemplar, and reports it once. */
  readonly failed: (metric: string, error: unknown) => void;
}

/** The exemplar of a counter series or a bucket, made for the first one. */
export interface ExemplarSlot {
  labels: Readonly<Record<string, string>> | undefined;
  value: number;
  timestamp: number;
  /** The time from which the next exemplar may be taken, in milliseconds since 1970. */
  dueAt: number;
  pace: Pace;
}

/** What a counter series or a bucket has: its exemplar, or the pace of its recordings as long as there is none. */
export type ExemplarPlace = ExemplarSlot | Pace | undefined;

/** The settings of a metric, by the root of its series. A field of each series would cost more memory. */
const settingsByRoot = new WeakMap<object, ExemplarSettings>();

/** @param root the root of the series of a metric */
export function setExemplarSettings(root: object, settings: ExemplarSettings): void {
  settingsByRoot.set(root, settings);
}

/** The exemplar of a counter series; `undefined` if it has none. The next recording looks again, as after `unskipped`. */
export function exemplarOf(series: { exemplar: ExemplarPlace; skips: number }): Exemplar | undefined {
  series.skips = 0;
  return takenIn(series.exemplar);
}

/** The exemplars of a histogram series by bucket, or the pace of its recordings as long as there is none. */
export type BucketExemplars = ExemplarPlace[] | Pace | undefined;

/**
 * The exemplar of one bucket of a histogram series; `undefined` if it has none.
 * @param bucket the index of the bucket; the one after the last bound is +Inf
 */
export function bucketExemplarOf(
  series: { exemplars: BucketExemplars; skips: number },
  bucket: number,
): Exemplar | undefined {
  const { exemplars } = series;
  series.skips = 0;
  if (typeof exemplars !== 'object' || exemplars[bucket] === undefined) return undefined;
  exemplars[bucket] = unskipped(exemplars[bucket]);
  return takenIn(exemplars[bucket]);
}

/** A series that was recorded in a loop, and is recorded rarely since, must not skip for long: its readers end that. */
function unskipped(place: ExemplarPlace): ExemplarPlace {
  if (typeof place === 'object') place.pace = withoutSkips(place.pace);
  return typeof place === 'number' ? withoutSkips(place) : place;
}

/**
 * The number of recordings of a series that do not look for an exemplar, in a loop: eight for each that its pace says, so that a look,
 * which takes a hundred times as long, adds little to each of them.
 */
export function skipsOf(place: ExemplarPlace): number {
  const pace = typeof place === 'object' ? place.pace : (place ?? 0);
  return 8 * (pace & skipMask);
}

function takenIn(place: ExemplarPlace): Exemplar | undefined {
  return typeof place === 'object' && place.labels !== undefined ? (place as Exemplar) : undefined;
}

/** The exemplar of a sample, in the shape of prom-client's `get()`. */
export interface SampleExemplar {
  /** Its labels, by name. */
  readonly labelSet: Readonly<Record<string, string>>;
  /** The observed value, or the increment of the counter. */
  readonly value: number;
  /** Seconds since 1970. */
  readonly timestamp: number;
}

/** The property of a sample that has an exemplar. */
export function sampleExemplar(exemplar: Exemplar | undefined): { readonly exemplar?: SampleExemplar } {
  if (exemplar === undefined) return {};
  const { labels, value, timestamp } = exemplar;
  return { exemplar: { labelSet: labels, value, timestamp: timestamp / secondMs } };
}

function settingsOf(series: Series): ExemplarSettings | undefined {
  let root = series.branch;
  while (root?.parent !== undefined) root = root.parent;
  return root === undefined ? undefined : settingsByRoot.get(root);
}

const secondMs = 1_000;

/** Whether an exemplar is being taken: user code that records meanwhile gets none, and cannot recurse. */
let isTaking = false;

/** The first error of the exemplar that is being taken. */
let failure: unknown;

/**
 * Offers a recording that is not skipped. Never throws. Most recordings have no span, so a place without an exemplar looks for one
 * before anything else, and reads the clock last, which takes longest. A place with an exemplar reads the clock first, since it
 * takes no other for a second.
 * @param source labels given with the recording, or a function that returns them
 * @param argument the argument of that function
 * @returns what the place has from now on
 */
export function offerExemplar(
  place: ExemplarPlace,
  series: Series,
  value: number,
  source: ExemplarSource<unknown> | undefined,
  argument: unknown,
): ExemplarPlace {
  if (isTaking) return place;
  isTaking = true;
  failure = undefined;
  try {
    const slot = typeof place === 'object' ? place : undefined;
    const pace = withoutSkips(slot?.pace ?? (place as Pace | undefined) ?? 0);
    const readAt = slot === undefined ? undefined : Date.now();
    const next = paceAfter(pace, readAt);
    if (slot !== undefined && readAt !== undefined && isResting(slot, readAt)) return withPace(slot, next);
    const span = contained(sampledSpan);
    const current = source === undefined ? currentSource() : undefined;
    const isGiven = source !== undefined || current !== undefined;
    if (span === undefined && !isGiven && failure === undefined && !isInContext())
      return withPace(slot, next);
    const settings = settingsOf(series);
    if (settings?.isOn !== true) return slot ?? (isGiven ? pace : skipMask);
    const labels = labelsOfRecording(
      settings,
      span,
      source ?? (current?.source as ExemplarSource<unknown> | undefined),
      current === undefined ? argument : current.argument,
    );
    if (labels === undefined && failure === undefined) return withPace(slot, next);
    if (failure !== undefined) settings.failed(metricOf(series), failure);
    return taken(slot ?? newSlot(pace), value, labels, readAt ?? Date.now());
  } finally {
    isTaking = false;
  }
}

/** Whether a slot takes no exemplar yet. More than a second ahead: the clock was set back. */
function isResting({ dueAt }: ExemplarSlot, now: number): boolean {
  return now < dueAt && now >= dueAt - secondMs;
}

function isInContext(): boolean {
  return hasContextLabels && labelContext.getStore() !== undefined;
}

function newSlot(pace: Pace): ExemplarSlot {
  return { labels: undefined, value: 0, timestamp: 0, dueAt: 0, pace };
}

function withPace(slot: ExemplarSlot | undefined, pace: Pace): ExemplarPlace {
  if (slot === undefined) return pace;
  slot.pace = pace;
  return slot;
}

/** The slot with an exemplar, or without a new one if it failed: the next one is taken, or fails, a second later. */
function taken(
  slot: ExemplarSlot,
  value: number,
  labels: Record<string, string> | undefined,
  now: number,
): ExemplarSlot {
  slot.dueAt = now + secondMs;
  if (labels !== undefined) {
    slot.labels = labels;
    slot.value = value;
    slot.timestamp = now;
  }
  return slot;
}

/**
 * The labels of a recording: of the trace, then those that were given, then those of `withLabels`. Labels that are invalid, or
 * too long beside those before them, are left out and reported.
 */
function labelsOfRecording(
  { contextLabels }: ExemplarSettings,
  span: SpanContext | undefined,
  source: ExemplarSource<unknown> | undefined,
  argument: unknown,
): Record<string, string> | undefined {
  const given = typeof source === 'function' ? contained(() => source(argument)) : source;
  const context = contextLabels.length === 0 ? undefined : labelContext.getStore();
  let labels =
    span === undefined
      ? {}
      : withLabels(
          {},
          contained(() => traceLabels(span)),
        );
  if (given !== undefined) labels = withLabels(labels, given);
  if (context !== undefined) {
    for (const name of contextLabels)
      if (!Object.hasOwn(labels, name) && Object.hasOwn(context, name))
        labels = withLabels(labels, { [name]: context[name] });
  }
  return Object.keys(labels).length === 0 ? undefined : labels;
}

/** The result of code that may not be ours; `undefined` if it throws. */
function contained<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch (error) {
    failure ??= error;
    return undefined;
  }
}

/** The labels that Grafana and the other Prometheus clients use. */
function traceLabels({ traceId, spanId }: SpanContext): Record<string, string> {
  return { trace_id: traceId, span_id: spanId };
}

/** The labels with others added; without them if they are invalid or too long. */
function withLabels(
  labels: Record<string, string>,
  added: ExemplarLabels | undefined,
): Record<string, string> {
  return contained(() => checkedExemplar(added, labels)) ?? labels;
}
