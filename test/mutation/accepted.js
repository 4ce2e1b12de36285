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
  {
    why: 'Equivalent: a look-up that takes a short cut if it can, and else gives the same result on the general path. `compiled-find.test.ts` compares them.',
    is: ({ file, line, code }) =>
      file.endsWith('/compiled-find.ts') ||
      (file.endsWith('/series.ts') &&
        /^for \(const name in labels\)|!== names\[index\]|^if \((key|child) === undefined\)|#finds|#quickFind|quick\(labels\)|^return index > 0|^index\+\+|^for \(let index = 0; index < values|typeof value !== 'string'/.test(
          code,
        )) ||
      (file.endsWith('/label-values.ts') && line < 10) ||
      (file.endsWith('/tree-paths.ts') && line >= 45 && line < 60),
  },
  {
    why: 'Equivalent: the table of a bucket finder only says where the search starts. An earlier start gives the same bucket, later.',
    is: ({ file, line }) => file.endsWith('/bucket-finder.ts') && line >= 26 && line <= 43,
  },
  {
    why: 'Equivalent: the cached series without labels is found again without the cache.',
    is: ({ file, code }) =>
      file.endsWith('/series.ts') &&
      /unlabelled\?\.branch|#unlabelled = found|labelNames\.map\(\(\) => ''\)/.test(code),
  },
];
