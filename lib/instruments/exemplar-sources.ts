/**
 * Where exemplars come from without the caller's doing: the active span of OpenTelemetry, and the labels of `withLabels`.
 *
 * `@opentelemetry/api` is not imported. All of its copies share one object under a global symbol, and one symbol for the active
 * span, so that this works in every module format, in bundles, and with several copies.
 * @see https://github.com/open-telemetry/opentelemetry-js/tree/main/api#version-compatibility
 */

import { processWide } from '../process-wide.js';

/** The part of OpenTelemetry's `SpanContext` that is used. */
export interface SpanContext {
  readonly traceId: string;
  readonly spanId: string;
  readonly traceFlags: number;
}

interface Context {
  getValue(key: symbol): unknown;
  readonly _currentContext?: unknown;
}

interface OpenTelemetry {
  readonly context?: { active(): Context };
}

const apiKey: unique symbol = Symbol.for('opentelemetry.js.api.1');
const spanKey = Symbol.for('OpenTelemetry Context Key SPAN');
const sampled = 1;

/** A function that returns the labels of an exemplar, and its argument. */
export interface RecordingSource {
  readonly source: (argument: never) => Readonly<Record<string, unknown>> | undefined;
  readonly argument: unknown;
}

/** Copies of the package share this, as they share instruments. */
const shared = processWide(
  'exemplars',
  (): {
    /** Used instead of the active span; `null` for none. */
    span: SpanContext | null | undefined;
    /** Used by recordings that bring no labels along. */
    source: RecordingSource | undefined;
    /** Whether a source of exemplars was found. */
    isOn: boolean;
    /** Switches exemplars on, in each copy. */
    readonly copies: (() => void)[];
  } => ({ span: undefined, source: undefined, isOn: false, copies: [] }),
);

/**
 * Uses a span that was active earlier, for recordings that are made where another one may be active: in a listener of a socket.
 * @param span `null` for none; `undefined` ends it
 */
export function useSpan(span: SpanContext | null | undefined): void {
  shared.span = span;
}

/** Runs a function whose recordings get the labels of a source, unless they bring some along. */
export function recordWith(source: RecordingSource, run: () => void): void {
  const before = shared.source;
  shared.source = source;
  try {
    run();
  } finally {
    shared.source = before;
  }
}

/** The source of the function that is running now. */
export function currentSource(): RecordingSource | undefined {
  return shared.source;
}

/** The active span, for {@link useSpan}; `null` if there is none. Never throws. */
export function spanForLater(): SpanContext | null {
  if (stage === 'off' || !areExemplarsPossible()) return null;
  try {
    return sampledSpan() ?? null;
  } catch {
    return null;
  }
}

/** The global of OpenTelemetry, once it is there: its copies keep one object, also when they are shut down. */
let api: OpenTelemetry | undefined;

/** The context without anything, once it was active: a look-up in it takes longer than the comparison. */
let emptyContext: object = {};

/** The context of the active span if it is sampled. May throw: it is code of another library. */
export function sampledSpan(): SpanContext | undefined {
  if (shared.span !== undefined) return shared.span ?? undefined;
  api ??= openTelemetry();
  const manager = api?.context;
  if (manager === undefined) return undefined;
  const active = manager.active();
  if (active === emptyContext) return undefined;
  const span = active.getValue(spanKey) as { spanContext?(): SpanContext | undefined } | null | undefined;
  if (span === undefined) {
    if (isEmpty(active)) emptyContext = active;
    return undefined;
  }
  const context = span?.spanContext?.();
  return context !== undefined && (context.traceFlags & sampled) === sampled ? context : undefined;
}

/** Whether a context is the root: only one that holds nothing is kept, since others hold objects of the application. */
function isEmpty({ _currentContext: values }: Context): boolean {
  return values instanceof Map && values.size === 0;
}

function openTelemetry(): OpenTelemetry | undefined {
  const { [apiKey]: found } = globalThis as { readonly [apiKey]?: OpenTelemetry };
  return found?.context === undefined ? undefined : found;
}

/**
 * Whether recordings look for exemplars that they did not bring along: `looking` at first, for OpenTelemetry; then `off`, which
 * costs a recording nothing; `on` for good once a source of exemplars was found.
 */
export type ExemplarStage = 'looking' | 'off' | 'on';

let stage: ExemplarStage = shared.isOn ? 'on' : 'looking';
shared.copies.push(() => enterStage('on'));

const followers: (readonly [prototype: object, stages: Readonly<Record<ExemplarStage, object>>])[] = [];

/**
 * Gives a prototype the methods of the current stage. It must have none of its own: V8 inlines methods that were never replaced.
 * @param stages the prototypes to inherit from
 */
export function followStage(prototype: object, stages: Readonly<Record<ExemplarStage, object>>): void {
  followers.push([prototype, stages]);
  for (const each of Object.values(stages)) {
    // V8 makes the methods of a prototype fast when a property of an object that has it is set, but not when it takes the place of
    // another prototype: recordings would be thirty times slower.
    const recorded: { branch?: undefined } = Object.create(each);
    recorded.branch = undefined;
  }
  Object.setPrototypeOf(prototype, stages[stage]);
}

function enterStage(next: ExemplarStage): void {
  if (stage === next) return;
  stage = next;
  for (const [prototype, stages] of followers) Object.setPrototypeOf(prototype, stages[next]);
}

/** Notes that recordings may get exemplars which they do not bring along. */
export function noteSource(): void {
  shared.isOn = true;
  for (const enter of shared.copies) enter();
}

/** The number of recordings that look for OpenTelemetry. */
const maxLooks = 256;
let looks = 0;

/** Looks for OpenTelemetry on behalf of one recording. */
export function areExemplarsPossible(): boolean {
  if (stage === 'looking') {
    looks += 1;
    if (openTelemetry() !== undefined) noteSource();
    else if (looks >= maxLooks) enterStage('off');
  }
  return stage === 'on';
}

/** Looks for OpenTelemetry, which may have been set up: called by scrapes, and for new instruments. */
export function lookAgain(): void {
  if (stage === 'on') return;
  looks = 0;
  if (openTelemetry() !== undefined) noteSource();
}

/** Whether a registry takes labels of `withLabels`. */
export let hasContextLabels = false;

/** Notes that a registry takes labels of `withLabels`. */
export function noteContextLabels(): void {
  hasContextLabels = true;
  noteSource();
}
