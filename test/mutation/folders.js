/** What a mutation test changes, and the tests that have to notice. */

/** @type {Readonly<Record<string, { sources: string, tests: readonly string[] }>>} */
export const folders = {
  instruments: {
    sources: 'lib/instruments',
    tests: [
      'test/lib/instruments/**/*.test.ts',
      'test/lib/{registry,registry-removal,family,native-families,disabled,views,prom-client}.test.ts',
    ],
  },
  exposition: {
    sources: 'lib/exposition',
    tests: [
      'test/lib/exposition/**/*.test.ts',
      'test/lib/{registry,registry-removal,family,native-families,prom-client,views}.test.ts',
      'test/middleware/metrics-router.test.ts',
    ],
  },
  decorators: { sources: 'decorators', tests: ['test/decorators/**/*.test.ts'] },
};

const heap = 'it measures the heap, which the mutants of a process share';
const processes = 'it starts processes, which would not have the mutant';
const slow = 'it takes longer than all other tests of its folder, and would run again for each mutant';
const shared = 'it expects the shared registry of a new process';

/** Percent of the mutants that the tests must notice. */
export const minShare = 85;

/**
 * Slow test files, and the sources that they test. A run of single files includes them only for these; a run of a whole folder
 * always does.
 */
export const slowTests = {
  'test/decorators/results/differential.test.ts': /^decorators\/(streams\/|exits|promise-result)/,
  'test/decorators/results/packages.test.ts': /^decorators\/(streams\/|exits|promise-result)/,
  'test/decorators/presets/sdks.test.ts': /^decorators\/(presets\/|observed-function)/,
};

/** Files that set up what all later tests would see. Each runs as one test, and ends its process. */
export const wholeFiles = ['test/lib/instruments/exemplars-of-spans.test.ts'];

/** File, or file and title -> why it is not run for mutants. */
export const leftOut = {
  'test/lib/instruments/attack.test.ts': heap,
  'test/lib/instruments/allocations.test.ts': processes,
  'test/lib/instruments/native-histogram.test.ts › observing retains no memory once the bucket exists': heap,
  'test/lib/instruments/native-index.test.ts › each bound of each schema is in its own bucket, and the next larger double in the next one':
    slow,
  'test/lib/instruments/compiled-find.test.ts › the generic look-up is used if code generation is disallowed':
    processes,
  'test/lib/process-wide.test.ts': processes,
  'test/lib/shutdown.test.ts': processes,
  "test/lib/registry-removal.test.ts › the shared registry follows prom-client's default registry, and changes it only when something is recorded":
    shared,
  'test/decorators/abandoned.test.ts': heap,
  'test/decorators/results/garbage.test.ts': heap,
  'test/decorators/reflect.test.ts': processes,
  'test/decorators/sample-clock.test.ts': 'it replaces the clock before the package is loaded',
  'test/decorators/disabled.test.ts › METRICS_ENABLED=false also applies to decorators defined before createMetrics':
    'it switches off the shared registry, in which later tests look for failures',
  'test/decorators/contained.test.ts › a label source with a million values is folded, and the total stays exact':
    slow,
};
