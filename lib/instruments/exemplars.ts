/**
 * Exemplars: labels that lead from a counter or a bucket of a histogram to one of its recordings, for example to its trace.
 *
 * Each counter series and each bucket has one slot, made when it is first needed and then reused. A slot takes at most one
 * exemplar a second, and asks for a span only if it may take one. Recordings that follow one another within a millisecond do not
 * even read the clock: most of them are skipped.
 * @see https://github.com/prometheus/OpenMetrics/blob/v1.0.0/specification/OpenMetrics.md#exemplars
 */
import { metricsError, shown } from '../errors.js';
import { labelContext } from '../label-context.js';
import { isUserLabelName } from '../naming.js';
import { metricOf, type Series } from './branch.js';
import { type SpanContext, sampledSpan } from './exemplar-sources.js';

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

export interface ExemplarSlot {
  readonly settings: ExemplarSettings | undefined;
  labels: Readonly<Record<string, string>> | undefined;
  value: number;
  timestamp: number;
  /** The time from which the next exemplar may be taken, in milliseconds since 1970. */
  dueAt: number;
  /** The number of recordings without a source that the caller is to skip. */
  skip: number;
  /** The time of the latest recording that was not skipped, and how many of them there were in that millisecond. */
  askedAt: number;
  asks: number;
}

/** The settings of a metric, by the root of its series. A field of each series would cost more memory. */
const settingsByRoot = new WeakMap<object, ExemplarSettings>();

/** @param root the root of the series of a metric */
export function setExemplarSettings(root: object, settings: ExemplarSettings): void {
  settingsByRoot.set(root, settings);
}

/** The exemplar of a counter series; `undefined` if it has none. */
export function exemplarOf({
  exemplar,
}: {
  readonly exemplar: ExemplarSlot | undefined;
}): Exemplar | undefined {
  return taken(exemplar);
}

/**
 * The exemplar of one bucket of a histogram series; `undefined` if it has none.
 * @param bucket the index of the bucket; the one after the last bound is +Inf
 */
export function bucketExemplarOf(
  { exemplars }: { readonly exemplars: readonly (ExemplarSlot | undefined)[] | undefined },
  bucket: number,
): Exemplar | undefined {
  return taken(exemplars?.[bucket]);
}

function taken(slot: ExemplarSlot | undefined): Exemplar | undefined {
  // A series that was recorded in a loop, and is recorded rarely since, must not skip for long.
  if (slot !== undefined) slot.skip = 0;
  return slot?.labels === undefined ? undefined : (slot as Exemplar);
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

export function newSlot(series: Series): ExemplarSlot {
  let root = series.branch;
  while (root?.parent !== undefined) root = root.parent;
  return {
    settings: root === undefined ? undefined : settingsByRoot.get(root),
    labels: undefined,
    value: 0,
    timestamp: 0,
    dueAt: Number.NEGATIVE_INFINITY,
    skip: 0,
    askedAt: 0,
    asks: 0,
  };
}

const secondMs = 1_000;
/** The number of recordings within a millisecond before most of them are skipped. */
const asksPerMillisecond = 16;
const skipped = 255;

/**
 * Offers a recording to a slot, which does not skip it. Never throws.
 * @param source labels given with the recording, or a function that returns them
 * @param argument the argument of that function
 */
export function offerExemplar(
  slot: ExemplarSlot,
  series: Series,
  value: number,
  source: ExemplarSource<unknown> | undefined,
  argument: unknown,
): void {
  const now = Date.now();
  if (now !== slot.askedAt) {
    slot.askedAt = now;
    slot.asks = 0;
  } else if (++slot.asks > asksPerMillisecond) slot.skip = skipped;
  // More than a second ahead: the clock was set back.
  if (now >= slot.dueAt || now < slot.dueAt - secondMs)
    takeExemplar(slot, series, value, now, source, argument);
}

/** Whether an exemplar is being taken: user code that records meanwhile gets none, and cannot recurse. */
let isTaking = false;

function takeExemplar(
  slot: ExemplarSlot,
  series: Series,
  value: number,
  now: number,
  source: ExemplarSource<unknown> | undefined,
  argument: unknown,
): void {
  const { settings } = slot;
  if (isTaking || settings?.isOn !== true) return;
  isTaking = true;
  try {
    let failure: unknown;
    const report = (error: unknown): void => {
      failure ??= error;
    };
    const labels = labelsOfRecording(settings, source, argument, report);
    if (labels !== undefined) {
      slot.labels = labels;
      slot.value = value;
      slot.timestamp = now;
      slot.dueAt = now + secondMs;
    }
    if (failure === undefined) return;
    slot.dueAt = now + secondMs;
    settings.failed(metricOf(series), failure);
  } finally {
    isTaking = false;
  }
}

type Report = (error: unknown) => void;

/**
 * The labels of a recording: of the trace, then those that were given, then those of `withLabels`. Labels that are invalid, or
 * too long beside those before them, are left out and reported.
 */
function labelsOfRecording(
  { contextLabels }: ExemplarSettings,
  source: ExemplarSource<unknown> | undefined,
  argument: unknown,
  report: Report,
): Record<string, string> | undefined {
  const span = contained(sampledSpan, report);
  const given = typeof source === 'function' ? contained(() => source(argument), report) : source;
  const context = contextLabels.length === 0 ? undefined : labelContext.getStore();
  if (span === undefined && given === undefined && context === undefined) return undefined;
  let labels =
    span === undefined
      ? {}
      : withLabels(
          {},
          contained(() => traceLabels(span), report),
          report,
        );
  if (given !== undefined) labels = withLabels(labels, given, report);
  if (context !== undefined) {
    for (const name of contextLabels)
      if (!Object.hasOwn(labels, name) && Object.hasOwn(context, name))
        labels = withLabels(labels, { [name]: context[name] }, report);
  }
  return Object.keys(labels).length === 0 ? undefined : labels;
}

function contained<T>(run: () => T, report: Report): T | undefined {
  try {
    return run();
  } catch (error) {
    report(error);
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
  report: Report,
): Record<string, string> {
  return contained(() => checkedExemplar(added, labels), report) ?? labels;
}

/**
 * The labels as text.
 * @param others labels to add to those of them that are not given
 * @throws ERR_METRICS_INVALID_VALUE for an invalid name or value, and if they are too long
 */
export function checkedExemplar(
  labels: ExemplarLabels | undefined,
  others?: Readonly<Record<string, string>>,
): Record<string, string> {
  const all = { ...others, ...checkedLabels(labels) };
  const length = codePoints(Object.entries(all));
  if (length <= maxCodePoints) return all;
  throw metricsError(
    'ERR_METRICS_INVALID_VALUE',
    `Invalid labels of an exemplar: expected ${maxCodePoints} code points of names and values at most, received ${length} (${Object.keys(all).join(', ')}). Those that were added last are left out.`,
  );
}

/** Maximum number of code points of the names and values of an exemplar, in total. */
export const maxCodePoints = 128;

/** The number of code points of all names and values. */
export function codePoints(labels: Iterable<readonly [string, string]>): number {
  let count = 0;
  for (const [name, value] of labels) {
    // A code point has one or two UTF-16 units: what is far too long is not counted exactly.
    if (name.length + value.length > 4 * maxCodePoints) return count + name.length + value.length;
    for (const _ of name) count++;
    for (const _ of value) count++;
  }
  return count;
}

function checkedLabels(labels: ExemplarLabels | undefined): Record<string, string> {
  if (labels === undefined) return {};
  if (typeof labels !== 'object' || labels === null) throw invalidLabels('an object of labels', labels);
  const checked: Record<string, string> = {};
  for (const [name, value] of Object.entries(labels) as [string, unknown][]) {
    if (value === undefined || value === null || value === '') continue;
    if (!isUserLabelName(name)) throw invalidLabels('valid label names', name);
    if (typeof value === 'object' || typeof value === 'function' || typeof value === 'symbol')
      throw invalidLabels(`text for \`${name}\``, value);
    checked[name] = String(value);
  }
  return checked;
}

function invalidLabels(expected: string, received: unknown): Error {
  return metricsError(
    'ERR_METRICS_INVALID_VALUE',
    `Invalid labels of an exemplar: expected ${expected}, received ${shown(received)}.`,
  );
}
