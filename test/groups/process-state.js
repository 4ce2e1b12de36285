/** What every test file of a process shares, and a test may change: variables, globals, listeners, metrics. */
import { register } from 'prom-client';

/** Each object's own properties are watched, but for what Node itself changes. */
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

/** @returns {ReadonlyMap<string, unknown>} name -> what it is now */
export function processState() {
  const state = new Map([['the working directory', process.cwd()]]);
  for (const [owner, object] of Object.entries(objects))
    for (const name of Object.getOwnPropertyNames(object)) {
      // What starts with `_` is Node's own; reading the storages of newer Nodes warns.
      if (name.startsWith('_') || name.endsWith('Storage')) continue;
      // Read, because Node replaces the getters of what it loads when it is first used.
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
 * @returns {string[]} the names of what differs
 */
export function changes(before, after) {
  return [...new Set([...before.keys(), ...after.keys()])].filter(
    (name) => !Object.is(before.get(name), after.get(name)),
  );
}
