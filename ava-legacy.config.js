// The tests of the decorators once more, compiled with `experimentalDecorators`. Legacy mode has no decorators on
// #private methods and accessors, so those files stay with the standard run, and test/legacy is for this one alone.
export default {
  extensions: { ts: 'module' },
  nodeArguments: ['--import=tsx'],
  // tsx does not compile inside worker threads on Node 20.
  workerThreads: false,
  environmentVariables: { TSX_TSCONFIG_PATH: 'test/legacy/tsconfig.json' },
  files: [
    'test/decorators/**/*.test.ts',
    'test/legacy/**/*.test.ts',
    '!test/decorators/{private-methods,gauge-accessor}.test.ts',
  ],
  timeout: '2m',
};
