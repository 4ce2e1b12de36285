import { suite } from './test/suite.js';

/** The tests of the benchmarks: they measure in processes of their own, so one file at a time. */
export default await suite({ files: ['test/bench/**/*.test.ts'], concurrency: 1 });
