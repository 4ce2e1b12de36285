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

export const sharedRegistry = "the shared registry's ";

/**
 * @typedef {{ owner: string, names: readonly string[], values: readonly unknown[] }} Part
 * @returns {readonly Part[]}
 */
export function processState() {
  const parts = Object.entries(objects).map(([owner, object]) => {
    // Names with `_` are internal to Node; reading the storages of newer versions of Node warns.
    const names = Object.getOwnPropertyNames(object).filter(
      (name) => !name.startsWith('_') && !name.endsWith('Storage'),
    );
    // The value, not the descriptor: Node replaces lazy getters when they are first read.
    return { owner: `${owner}.`, names, values: names.map((name) => object[name]) };
  });
  const events = process.eventNames();
  const metrics = register.getMetricsAsArray().map(({ name }) => name);
  return [
    ...parts,
    { owner: '', names: ['the working directory'], values: [process.cwd()] },
    {
      owner: 'the listeners of `process` for ',
      names: events.map(String),
      values: events.map((event) => process.listenerCount(event)),
    },
    { owner: sharedRegistry, names: metrics, values: metrics.map(() => true) },
  ];
}

/**
 * @param {readonly Part[]} before
 * @param {readonly Part[]} after
 * @returns {string[]} the names whose values differ
 */
export function changes(before, after) {
  return before.flatMap((part, index) => (areEqual(part, after[index]) ? [] : changesOf(part, after[index])));
}

/** @param {Part} left @param {Part} right */
function areEqual({ names, values }, right) {
  return (
    names.length === right.names.length &&
    names.every((name, index) => name === right.names[index] && Object.is(values[index], right.values[index]))
  );
}

/** @param {Part} before @param {Part} after */
function changesOf(before, after) {
  const [earlier, later] = [before, after].map(
    ({ names, values }) => new Map(names.map((name, index) => [name, values[index]])),
  );
  return [...new Set([...before.names, ...after.names])]
    .filter((name) => !Object.is(earlier.get(name), later.get(name)))
    .map((name) => shown(before.owner, name));
}

/** @param {string} owner @param {string} name */
function shown(owner, name) {
  if (owner === '') return name;
  return owner.endsWith('.') ? `\`${owner}${name}\`` : `${owner}\`${name}\``;
}
