import { longestFirst } from './test/longest-first.js';
import { suite } from './test/suite.js';

/** Needs nothing but Node. A single file: `npx ava test/lib/registry.test.ts`. */
export default await suite({
  files: ['test/**/*.test.ts', '!test/**/*.system.test.ts', '!test/{bench,legacy}/**'],
  // Some wait for a process or a server.
  groups: 12,
  concurrency: 4,
  sortTestFiles: longestFirst(['bundle', 'bundle-tools', 'shutdown', 'metrics-handler', 'cluster', 'series']),
});
