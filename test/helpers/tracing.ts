/** OpenTelemetry's tracing for a whole process, as its SDK for Node sets it up. */
import { context, ROOT_CONTEXT, type SpanContext, TraceFlags, trace } from '@opentelemetry/api';
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node';

/** Registers the provider and its context manager: only for tests with a process of their own. */
export function startTracing(): void {
  new NodeTracerProvider().register();
}

/** Runs a function with a new span active. The function gets the ids of the span, as exemplars have them. */
export function inSpan<T>(run: (ids: { readonly trace_id: string; readonly span_id: string }) => T): T {
  return trace.getTracer('test').startActiveSpan('work', { root: true }, (span) => {
    const { traceId, spanId } = span.spanContext();
    try {
      return run({ trace_id: traceId, span_id: spanId });
    } finally {
      span.end();
    }
  });
}

/** Runs a function in a span that a remote caller did not sample. */
export function inUnsampledSpan<T>(run: () => T): T {
  const caller: SpanContext = {
    traceId: '1'.repeat(32),
    spanId: '2'.repeat(16),
    traceFlags: TraceFlags.NONE,
    isRemote: true,
  };
  return context.with(trace.setSpanContext(ROOT_CONTEXT, caller), () =>
    trace.getTracer('test').startActiveSpan('work', run),
  );
}
