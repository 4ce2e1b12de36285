import { suite } from './test/suite.js';

/** The results of fetched packages, with `experimentalDecorators`. */
export default await suite({ mode: 'legacy', files: ['test/decorators/**/*.package.test.ts'] });
