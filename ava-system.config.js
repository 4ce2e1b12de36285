import { longestFirst } from './test/longest-first.js';
import { suite } from './test/suite.js';

/** Drives real servers and browsers, and loads and kills real processes. */
export default await suite({
  files: ['test/**/*.system.test.ts'],
  // By default, Go's garbage collector takes a fifth of the time of promtool.
  environmentVariables: { GOGC: '400' },
  // Most of the tests wait for a server most of the time.
  concurrency: 4,
  sortTestFiles: longestFirst([
    'crash',
    'end-to-end',
    'bundle-tools',
    'dashboards',
    'victoria-metrics',
    'alerts',
    'cluster-load',
    'slo',
    'remote-write',
    'restart',
    'soak',
    'service',
  ]),
});
