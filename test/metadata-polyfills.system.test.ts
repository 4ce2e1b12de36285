/** Polyfills of Reflect metadata that are fetched for this test; test/decorators/reflect.test.ts has those of reflect-metadata. */
import test from 'ava';
import { fetchedFolder } from './helpers/fetched-packages.js';
import { keepsMetadata } from './helpers/reflect-process.js';

for (const polyfill of ['core-js/proposals/reflect-metadata.js', '@abraham/reflection']) {
  for (const order of ['before', 'after'] as const) {
    test(`metadata of a method survives its decorators: ${polyfill}, loaded ${order} this package`, async (t) =>
      keepsMetadata(t, await fetchedFolder('metadata-polyfills'), polyfill, order));
  }
}
