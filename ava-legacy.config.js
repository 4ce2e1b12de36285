import { suite } from './test/suite.js';

/**
 * Runs the tests of the decorators with `experimentalDecorators`, which does not support `#private` methods and accessors. Not
 * `gauge-property`, which applies legacy decorators itself, to fields as the standard defines them (`test/legacy` has its own). Not
 * `reflect`, whose programs do not depend on the mode, and not `presets/sdks`: it tests what a call records, and `results/packages`, which
 * runs in both modes, tests what it returns.
 */
export default await suite({
  mode: 'legacy',
  groups: { decorators: ['test/{decorators,legacy}/**'] },
  concurrency: 4,
  files: [
    'test/decorators/**/*.test.ts',
    'test/legacy/**/*.test.ts',
    '!test/**/*.{system,package}.test.ts',
    '!test/decorators/{private-methods,gauge-accessor,gauge-property,reflect,presets/sdks}.test.ts',
  ],
});
