import { suite } from './test/suite.js';

/**
 * The tests of the decorators again, with `experimentalDecorators`, which has no decorators on `#private` methods and accessors.
 * Those of `reflect` run programs that decorate by hand, whatever the mode; those of `sdks` are about what is recorded of a
 * call, and `results/packages` about what is returned, which is run in both modes.
 */
export default await suite({
  mode: 'legacy',
  groups: { decorators: ['test/{decorators,legacy}/**'] },
  concurrency: 4,
  files: [
    'test/decorators/**/*.test.ts',
    'test/legacy/**/*.test.ts',
    '!test/decorators/{private-methods,gauge-accessor,reflect,sdks}.test.ts',
  ],
});
