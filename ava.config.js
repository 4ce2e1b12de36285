import { suite } from './test/suite.js';

/** Needs nothing but Node. A single file: `npx ava test/lib/registry.test.ts`. */
export default await suite({
  files: ['test/**/*.test.ts', '!test/**/*.system.test.ts', '!test/{bench,legacy}/**'],
});
