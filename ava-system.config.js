import { suite } from './test/suite.js';

/** Drives real servers and browsers, and loads and kills real processes. */
export default await suite({ files: ['test/**/*.system.test.ts'] });
