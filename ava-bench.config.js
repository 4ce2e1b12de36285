import { suite } from './test/suite.js';

/**
 * The tests of the benchmarks, and of the test tools. Benchmarks measure in other processes, so the files run one at a time.
 */
export default await suite({ files: ['test/{bench,groups}/**/*.test.ts'], concurrency: 1 });
