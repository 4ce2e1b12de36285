import { basename } from 'node:path';
import { writeSingleFiles } from './test/single-files.js';
import { suite } from './test/suite.js';

/** What takes longest begins first; the others follow in any order. */
const longest = [
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
];

/** @param {string} file */
function rank(file) {
  const found = longest.indexOf(basename(file).split('.')[0] ?? '');
  return found === -1 ? longest.length : found;
}

const config = await suite({
  files: ['test/**/*.system.test.ts'],
  // Go's garbage collector takes a fifth of promtool's time if it is not told that there is memory.
  environmentVariables: { SINGLE_FILES: 'true', GOGC: '400' },
  // Most of them wait for a server most of the time.
  concurrency: 4,
  sortTestFiles: (left, right) => rank(left) - rank(right),
});
await writeSingleFiles();

/** Drives real servers and browsers, and loads and kills real processes. */
export default config;
