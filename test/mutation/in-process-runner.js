/**
 * A test runner of Stryker that loads the compiled tests once, and runs those that cover a mutant again in the same process.
 * Stryker's runner of commands would start ava for each of thousands of mutants.
 *
 * A test file that reaches a mutant while it is loaded, for example because it declares a decorated class, is a test of its own:
 * it is loaded again with the mutant, and all of its tests run.
 */

import { readFile, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { performance } from 'node:perf_hooks';
import { pathToFileURL } from 'node:url';
import { globby } from 'globby';
import { folders, leftOut, wholeFiles } from './folders.js';

// Tests replace the global timers.
const { setTimeout, clearTimeout } = globalThis;
/** For a test whose promise never settles. */
const testTimeout = 10_000;
const timesFile = '.build/times.json';
const tree = '.build/standard';

export const strykerPlugins = [{ kind: 'TestRunner', name: 'in-process', factory: createRunner }];

createRunner.inject = /** @type {const} */ (['options']);

/** @param {{ testFiles: readonly string[] }} options */
function createRunner({ testFiles }) {
  // Shared with the instrumented sources.
  globalThis.__stryker__ ??= {};
  const mutants = globalThis.__stryker__;
  /** @type {typeof import('./declared-tests.js')} the module that the tests import as `ava` */
  let declared;
  /** @type {Map<string, { id: string, run: () => Promise<string | undefined> }>} */
  const tests = new Map();
  /** @type {Record<string, number>} milliseconds that each test takes without a mutant */
  let times = {};
  /** No mutant has been tested in this process. */
  let isFresh = true;
  /** A mutant has changed the process: tests fail without it. */
  let isDirty = false;
  let loads = 0;

  async function loadAll() {
    // First, so that no test file is taken for the reason why they are loaded.
    const sources = Object.values(folders).map(({ sources }) => `${tree}/${sources}/**/*.js`);
    for (const file of await globby(sources)) await import(pathToFileURL(resolve(file)).href);
    for (const file of testFiles) {
      mutants.currentTestId = file;
      tests.set(file, { id: file, run: () => loadAndRun(file) });
      if (!wholeFiles.includes(file)) for (const test of await load(file)) tests.set(test.id, test);
      mutants.currentTestId = undefined;
    }
  }

  async function load(file) {
    await import(`${pathToFileURL(resolve(tree, file.replace(/\.ts$/, '.js'))).href}?load=${loads++}`);
    return declared
      .takeDeclarations()
      .map((declaration) => ({
        id: `${file} › ${declaration.title}`,
        run: () => declared.failureOf(declaration),
      }))
      .filter(({ id }) => !Object.hasOwn(leftOut, id));
  }

  async function loadAndRun(file) {
    for (const { id, run } of await load(file)) {
      const failure = await run();
      if (failure !== undefined) return `${id}: ${failure}`;
    }
  }

  /** @returns {Promise<{ failure?: string, isTimeout?: boolean, milliseconds: number }>} */
  async function runTest({ run }) {
    const start = performance.now();
    let timer;
    let fail;
    const interrupted = new Promise((resolve) => {
      timer = setTimeout(resolve, testTimeout, { failure: 'The test does not end.', isTimeout: true });
      fail = (error) => resolve({ failure: `Uncaught: ${error}` });
    });
    process.on('uncaughtException', fail).on('unhandledRejection', fail);
    const ended = (async () => ({ failure: await run() }))().catch((error) => ({ failure: String(error) }));
    const result = await Promise.race([ended, interrupted]);
    clearTimeout(timer);
    process.off('uncaughtException', fail).off('unhandledRejection', fail);
    return { ...result, milliseconds: performance.now() - start };
  }

  return {
    // Without static mutants there is nothing to load again.
    capabilities: () => ({ reloadEnvironment: true }),

    async init() {
      declared = await import(pathToFileURL(resolve('test/mutation/declared-tests.js')).href);
    },

    async dryRun() {
      await loadAll();
      const results = [];
      // The files come last: they show that the tests pass again in the same process.
      const rank = ({ id }) => Number(testFiles.includes(id)) + Number(wholeFiles.includes(id));
      const ordered = [...tests.values()].sort((left, right) => rank(left) - rank(right));
      for (const test of ordered) {
        const { id } = test;
        const recorded = { ...mutants.mutantCoverage?.perTest[id] };
        mutants.currentTestId = id;
        const { failure, milliseconds } = await runTest(test);
        mutants.currentTestId = undefined;
        // A file covers what it reached while it was loaded, not what its tests did.
        if (testFiles.includes(id) && !wholeFiles.includes(id)) mutants.mutantCoverage.perTest[id] = recorded;
        times[id] = milliseconds;
        const result = { id, name: id, timeSpentMs: milliseconds };
        results.push(
          failure === undefined
            ? { ...result, status: 0 }
            : { ...result, status: 1, failureMessage: failure },
        );
      }
      await writeFile(timesFile, JSON.stringify(times));
      return { status: 'complete', tests: results, mutantCoverage: mutants.mutantCoverage };
    },

    async mutantRun({ activeMutant, testFilter, hitLimit }) {
      if (isDirty) throw new Error('An earlier mutant changed the process.');
      if (tests.size === 0) {
        times = JSON.parse(await readFile(timesFile, 'utf8'));
        await loadAll();
      }
      const selected = (testFilter ?? [...tests.keys()]).map((id) => tests.get(id));
      selected.sort((left, right) => times[left.id] - times[right.id]);
      mutants.hitLimit = hitLimit;
      mutants.hitCount = hitLimit === undefined ? undefined : 0;
      let nrOfTests = 0;
      for (const test of selected) {
        nrOfTests++;
        mutants.activeMutant = activeMutant.id;
        const { failure, isTimeout } = await runTest(test);
        mutants.activeMutant = undefined;
        if (failure === undefined) {
          isDirty ||= wholeFiles.includes(test.id);
          continue;
        }
        const again = await runTest(test);
        isDirty = isTimeout === true || again.failure !== undefined || wholeFiles.includes(test.id);
        // The failure may come from what an earlier mutant left behind, or from a busy machine: Stryker tries again in a new process.
        const isUnsure = isTimeout
          ? again.milliseconds > testTimeout / 10
          : again.failure !== undefined && !isFresh;
        if (isUnsure) throw new Error('The test fails without the mutant.');
        // A loop that the mutant made endless.
        if (isTimeout || mutants.hitCount > hitLimit) return { status: 'timeout', reason: failure };
        isFresh = false;
        return { status: 'killed', killedBy: [test.id], failureMessage: failure, nrOfTests };
      }
      isFresh = false;
      return { status: 'survived', nrOfTests };
    },
  };
}
