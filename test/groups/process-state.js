/** The state that the test files of a process share: environment variables, globals, listeners, metrics. */
import { register } from 'prom-client';

/** The own properties of these objects are compared, except those that Node itself changes. */
const objects = {
  globalThis,
  process,
  'process.env': process.env,
  'process.stdout': process.stdout,
  'process.stderr': process.stderr,
  console,
  Date,
  Error,
  Math,
  Reflect,
  Promise,
  'Object.prototype': Object.prototype,
  'Array.prototype': Array.prototype,
  'Promise.prototype': Promise.prototype,
};

/** @returns {ReadonlyMap<string, unknown>} name -> its value now */
export function processState() {
  const state = new Map([['the working directory', process.cwd()]]);
  for (const [owner, object] of Object.entries(objects))
    for (const name of Object.getOwnPropertyNames(object)) {
      // Names with `_` are internal to Node; reading the storages of newer versions of Node warns.
      if (name.startsWith('_') || name.endsWith('Storage')) continue;
      // The value, not the descriptor: Node replaces lazy getters when they are first read.
      state.set(`\`${owner}.${name}\``, object[name]);
    }
  for (const event of process.eventNames())
    state.set(`the listeners of \`process\` for \`${String(event)}\``, process.listenerCount(event));
  for (const { name } of register.getMetricsAsArray()) state.set(`the shared registry's \`${name}\``, true);
  return state;
}

/**
 * @param {ReadonlyMap<string, unknown>} before
 * @param {ReadonlyMap<string, unknown>} after
 * @returns {string[]} the names whose values differ
 */
export function changes(before, after) {
  return [...new Set([...before.keys(), ...after.keys()])].filter(
    (name) => !Object.is(before.get(name), after.get(name)),
  );
}
