import { longestFirst } from './test/longest-first.js';
import { suite } from './test/suite.js';

/** Needs nothing but Node. A single file: `npx ava test/lib/registry.test.ts`. */
export default await suite({
  files: [
    'test/**/*.test.ts',
    '!test/**/*.{system,package}.test.ts',
    '!test/{bench,groups,legacy,fixtures}/**',
  ],
  // Some tests wait for a process or a server.
  groups: {
    // Generating a bundle is three times as fast in a process that has generated one before.
    bundle: [
      'test/lib/{cli/bundle*,monitoring/**}',
      'test/examples/monitoring.test.ts',
      'test/story/config.test.ts',
    ],
    programs: ['test/{examples,lib/cli}/**'],
    middleware: ['test/middleware/**'],
    decorators: ['test/decorators/**'],
    export: ['test/lib/{durability,export,exposition}/**'],
    lib: ['test/lib/**'],
    others: ['test/**'],
  },
  concurrency: 4,
  sortTestFiles: longestFirst([
    'bundle',
    'shared-registry',
    'processes',
    'programs',
    'middleware',
    'export',
    'lib',
    'decorators',
    'others',
    'reflect',
  ]),
});
