/**
 * What a recording allocates, once its series and its bucket exist and V8 has optimized the code: V8's profiler notes every allocation
 * in a process of its own. V8 itself boxes a double that is passed to a function that it does not inline; the fixture passes numbers
 * that are boxed already, so that all that is noted is ours.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import test from 'ava';
import { compiled } from '../../helpers/package-root.js';

async function allocatedBytes(tracing: string, clock: string): Promise<Readonly<Record<string, number>>> {
  const { stdout } = await promisify(execFile)(process.execPath, [
    // V8 has optimized the code after a number of calls, whatever the time.
    '--no-concurrent-recompilation',
    compiled('test/fixtures/allocations-app.js'),
    tracing,
    clock,
  ]);
  return JSON.parse(stdout) as Record<string, number>;
}

const kinds = ['counter', 'classic histogram', 'native histogram'] as const;

/** The fixture's clock, which boxes nothing, stands still as within a loop, or advances a millisecond with each reading. */
for (const [title, tracing, clock, limit] of [
  ['a recording allocates nothing', 'absent', 'running', 0.01],
  // One in a few hundred looks for a span, for which V8 may box its value, in 16 bytes.
  ['a recording in a loop without an active span allocates nothing', 'without a span', 'stopped', 1],
  ['a recording in a loop within a span allocates nothing', 'with a span', 'stopped', 1],
  ['a recording that looks for a span and finds none allocates nothing', 'without a span', 'running', 1],
  // An exemplar a second in each of a dozen buckets.
  ['a recording within a span allocates nothing unless its exemplar is taken', 'with a span', 'running', 16],
] as const) {
  test(title, async (t) => {
    const bytes = await allocatedBytes(tracing, clock);
    t.true((bytes['an object each'] ?? 0) >= 16, 'the profiler notes allocations');
    for (const kind of kinds)
      t.true((bytes[kind] ?? Number.NaN) < limit, `${kind}: ${bytes[kind]} bytes per recording`);
  });
}

for (const [title, search] of [
  ['there is no OpenTelemetry', ''],
  [
    'OpenTelemetry was set up after the first recording',
    "globalThis[Symbol.for('opentelemetry.js.api.1')] = { context };",
  ],
] as const) {
  test(`V8 keeps the methods of series in their fast form when ${title}`, async (t) => {
    const program = `
      import { defineCounter, defineHistogram, MetricsRegistry } from '@tamma/observability';
      const registry = new MetricsRegistry();
      const counter = registry.counter(defineCounter({ name: 'jobs_total', help: 'Jobs.' })).with({});
      const histogram = registry.histogram(defineHistogram({ name: 'run_seconds', help: 'Runs.' })).with({});
      const record = (times) => {
        for (let time = 0; time < times; time++) {
          counter.inc();
          histogram.observe(1);
        }
      };
      record(10);
      const root = { getValue: () => undefined };
      const context = { active: () => root };
      ${search}
      record(1_000);
      const isFast = new Function('object', 'return %HasFastProperties(object)');
      const prototypes = (object) => object === null ? [] : [object, ...prototypes(Object.getPrototypeOf(object))];
      console.log(JSON.stringify([counter, histogram].flatMap(prototypes).map(isFast)));`;
    const args = ['--allow-natives-syntax', '--input-type=module', '--eval', program];
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: compiled('') });
    const areFast = JSON.parse(stdout) as boolean[];
    t.true(areFast.length >= 10);
    t.true(areFast.every(Boolean), stdout);
  });
}
