import { suite } from './test/suite.js';

/** The system tests of decorators, with `experimentalDecorators`. */
export default await suite({ mode: 'legacy', files: ['test/decorators/**/*.system.test.ts'] });
