/**
 * The module that compiled tests import as `ava` in a mutation test. It collects the tests that a file declares, and runs one with
 * ava's own assertions, so that a thousand mutants can be tested in one process.
 */
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const ava = pathToFileURL(createRequire(import.meta.url).resolve('ava'));
const { default: AvaTest } = await import(new URL('../lib/test.js', ava).href);
const { default: ContextRef } = await import(new URL('../lib/context-ref.js', ava).href);

/** @typedef {{ title: string, implementation: (t: object, ...args: unknown[]) => unknown, args: readonly unknown[], failing: boolean }} Declaration */

/** @type {Declaration[]} */
let declarations = [];

export const test = recorder([]);

/** @returns {Declaration[]} the tests that were declared since the last call, without those that ava skips */
export function takeDeclarations() {
  const taken = declarations;
  declarations = [];
  return taken;
}

/**
 * @param {Declaration} declaration
 * @returns {Promise<string | undefined>} why the test fails, or `undefined` if it passes
 */
export async function failureOf({ title, implementation, args, failing }) {
  const { passed, error } = await new AvaTest({
    contextRef: new ContextRef(),
    failWithoutAssertions: true,
    fn: (t) => implementation(t, ...args),
    metadata: { failing, inline: false },
    notifyTimeoutUpdate() {},
    registerUniqueTitle: () => true,
    title,
  }).run();
  return passed ? undefined : String(error?.cause ?? error?.message ?? error);
}

/** @param {readonly string[]} chain the modifiers of a call: `test.serial(…)` */
function recorder(chain) {
  return new Proxy(() => {}, {
    apply: (_target, _this, [title, implementation, ...args]) => {
      if (chain.some((name) => /^(before|after)/.test(name)))
        throw new Error(
          'Hooks do not run in a mutation test: leave the file out of `test/mutation/folders.js`.',
        );
      if (chain.includes('skip') || chain.includes('todo')) return;
      declarations.push({ title, implementation, args, failing: chain.includes('failing') });
    },
    get: (_target, name) => recorder([...chain, name]),
  });
}
