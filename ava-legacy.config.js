import { suite } from './test/suite.js';

/**
 * The tests of the decorators again, with `experimentalDecorators`, which has no decorators on `#private` methods and accessors.
 * Those of `reflect` run programs that decorate by hand, whatever the mode.
 */
export default await suite({
  mode: 'legacy',
  files: [
    'test/decorators/**/*.test.ts',
    'test/legacy/**/*.test.ts',
    '!test/decorators/{private-methods,gauge-accessor,reflect}.test.ts',
  ],
});
