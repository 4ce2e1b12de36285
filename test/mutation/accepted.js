/** Mutants that may survive, by kind. The first kind that matches a survivor counts. */

const changesTo = (replacement, code) => (survivor) =>
  survivor.replacement === replacement && code.test(survivor.code);

/** @type {readonly { why: string, is: (survivor: import('./report.js').Survivor) => boolean }[]} */
export const accepted = [
  {
    why: 'Equivalent: `successorOf` returns a series that is in the tree itself. The check before it saves the look-up on the hot path.',
    is: changesTo('true', /^if \(this\.branch === undefined\)/),
  },
  {
    why: 'Equivalent: the general path gives the same for `undefined`. The check saves an object, or a look-up.',
    is: changesTo(
      'false',
      /^(labels|definition\.expireAfterSeconds) === undefined|\((endLabels|labels) === undefined \?|^endExemplar === undefined/,
    ),
  },
  {
    why: 'Equivalent: the general path of `observe` gives the same. Its branches share no variable, which would hold a boxed number.',
    is: ({ file, code }) =>
      file.endsWith('/histogram.ts') &&
      /typeof labelsOrValue === 'number' && valueOrWeight === undefined/.test(code),
  },
  {
    why: 'Equivalent: a gauge without `expireAfterSeconds` compares the time with NaN, and a guard for the type checker never applies.',
    is: ({ file, code }) =>
      file.endsWith('/gauge.ts') &&
      /^if \((expireAfterSeconds !== undefined|!\(series instanceof)/.test(code),
  },
  {
    why: 'Accepted: how many recordings of a busy loop skip the clock when exemplars are taken. It changes the time that they take, not what is recorded.',
    is: ({ code }) => /slot\.skip|mayHave\[0\]|asksPerMillisecond/.test(code),
  },
];
