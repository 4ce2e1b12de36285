import { suite } from './test/suite.js';

/** The tests of the benchmarks. They measure in other processes, so the files run one at a time. */
export default await suite({ files: ['test/bench/**/*.test.ts'], concurrency: 1 });
