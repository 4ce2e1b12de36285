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

interface OpenTelemetry {
  readonly context?: { active(): { getValue(key: symbol): unknown } };
}

const apiKey: unique symbol = Symbol.for('opentelemetry.js.api.1');
const spanKey = Symbol.for('OpenTelemetry Context Key SPAN');
const sampled = 1;

/** `span` is used instead of the active one; `null` stands for none. Copies of the package share it, as they share instruments. */
const replacement = processWide('span of recordings', (): { span: SpanContext | null | undefined } => ({
  span: undefined,
}));

/**
 * Uses a span that was active earlier, for recordings that are made where another one may be active: in a listener of a socket.
 * @param span `null` for none; `undefined` ends it
 */
export function useSpan(span: SpanContext | null | undefined): void {
  replacement.span = span;
}

/** The active span, for {@link useSpan}; `null` if there is none. Never throws. */
export function spanForLater(): SpanContext | null {
  if (mayHaveExemplars[0] === 0 || !areExemplarsPossible()) return null;
  try {
    return sampledSpan() ?? null;
  } catch {
    return null;
  }
}

/** The context of the active span if it is sampled. May throw: it is code of another library. */
export function sampledSpan(): SpanContext | undefined {
  if (replacement.span !== undefined) return replacement.span ?? undefined;
  const { [apiKey]: api } = globalThis as { readonly [apiKey]?: OpenTelemetry };
  const span = api?.context?.active().getValue(spanKey) as
    | { spanContext?(): SpanContext | undefined }
    | undefined;
  const context = span?.spanContext?.();
  return context !== undefined && (context.traceFlags & sampled) === sampled ? context : undefined;
}

/**
 * Whether recordings may get an exemplar that they did not bring along: 1 or 0. Every recording reads it, which takes 0.3 ns
 * from a typed array, and 1.5 ns from a variable or an object.
 */
export const mayHaveExemplars = new Int8Array([1]);

/** The number of recordings that look for OpenTelemetry: a global that is absent costs 10 ns to look up. */
const maxLooks = 256;
let looks = 0;
let isFound = false;

/** Looks for OpenTelemetry on behalf of one recording. */
export function areExemplarsPossible(): boolean {
  if (isFound) return true;
  looks += 1;
  isFound = (globalThis as { readonly [apiKey]?: OpenTelemetry })[apiKey]?.context !== undefined;
  mayHaveExemplars[0] = isFound || looks < maxLooks ? 1 : 0;
  return isFound;
}

/** Lets the next recordings look for OpenTelemetry, which may have been set up: called by scrapes, and for new instruments. */
export function lookAgain(): void {
  looks = 0;
  mayHaveExemplars[0] = 1;
}

/** Notes that a registry takes labels of `withLabels`. */
export function noteContextLabels(): void {
  isFound = true;
  mayHaveExemplars[0] = 1;
}
