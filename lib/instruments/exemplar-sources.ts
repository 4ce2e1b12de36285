/**
 * Where exemplars come from without the caller's doing: the active span of OpenTelemetry, and the labels of `withLabels`.
 *
 * `@opentelemetry/api` is not imported. All of its copies share one object under a global symbol, and one symbol for the active
 * span, so that this works in every module format, in bundles, and with several copies.
 * @see https://github.com/open-telemetry/opentelemetry-js/tree/main/api#version-compatibility
 */

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

/** The context of the active span if it is sampled. May throw: it is code of another library. */
export function sampledSpan(): SpanContext | undefined {
  const { [apiKey]: api } = globalThis as { readonly [apiKey]?: OpenTelemetry };
  const span = api?.context?.active().getValue(spanKey) as
    | { spanContext?(): SpanContext | undefined }
    | undefined;
  const context = span?.spanContext?.();
  return context !== undefined && (context.traceFlags & sampled) === sampled ? context : undefined;
}

let isThere = false;
let looks = 0;
let recordingsUntilLook = 0;

/** Looks at most recordings for OpenTelemetry after a start, few later: a global that is absent costs 10 ns to look up. */
const denseLooks = 256;
const recordingsBetweenLooks = 1_024;

/** Whether a recording may get an exemplar that it did not bring along. Inlined into the hot path. */
export function mayHaveExemplar(): boolean {
  return isThere || (--recordingsUntilLook < 0 && lookForTracing());
}

function lookForTracing(): boolean {
  isThere = (globalThis as { readonly [apiKey]?: OpenTelemetry })[apiKey]?.context !== undefined;
  looks += 1;
  recordingsUntilLook = looks < denseLooks ? 0 : recordingsBetweenLooks;
  return isThere;
}

/** Notices OpenTelemetry soon, if it was set up in the meantime: called at each scrape, and with each new instrument. */
export function lookAgain(): void {
  looks = 0;
  recordingsUntilLook = 0;
}

/** Notes that a registry takes labels of `withLabels`, so that recordings need not look for OpenTelemetry. */
export function noteContextLabels(): void {
  isThere = true;
}
