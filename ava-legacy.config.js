// The tests of the decorators once more, compiled with `experimentalDecorators`. Legacy mode has no decorators on
// #private methods, so that one file stays with the standard run.
export default {
  extensions: { ts: 'module' },
  nodeArguments: ['--import=tsx'],
  // tsx does not compile inside worker threads on Node 20.
  workerThreads: false,
  environmentVariables: { TSX_TSCONFIG_PATH: 'test/legacy/tsconfig.json' },
  files: ['test/decorators/**/*.test.ts', '!test/decorators/private-methods.test.ts'],
  timeout: '2m',
};
