import { longestFirst } from './test/longest-first.js';
import { suite } from './test/suite.js';

/** Installs the packed package and others into new folders, and documents it. */
export default await suite({
  files: ['test/**/*.package.test.ts'],
  concurrency: 4,
  sortTestFiles: longestFirst(['stranger', 'reference']),
});
