export default {
  extensions: { ts: 'module' },
  nodeArguments: ['--import=tsx'],
  // tsx does not compile inside worker threads on Node 20.
  workerThreads: false,
  files: ['test/**/*.test.ts', '!test/legacy/**'],
  timeout: '3m',
};
