/** Mutants that may survive, by kind. The first kind that matches a survivor counts. */

const changesTo = (replacement, code) => (survivor) =>
  survivor.replacement === replacement && code.test(survivor.code);

/** Changes to the start of a line of `lib/exposition`; a replacement is compared up to its first newline. */
const inExposition =
  (...changes) =>
  ({ file, code, replacement }) =>
    changes.some(
      ([name, start, ...replacements]) =>
        file === `lib/exposition/${name}.ts` && code.startsWith(start) && replacements.includes(replacement),
    );

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
  // Of the folder exposition.
  {
    why: 'Equivalent: a short cut for common text and numbers. The general path writes the same bytes.',
    is: inExposition(
      ['byte-writer', 'if (code > 127) {', 'true', 'code >= 127'],
      ['byte-writer', 'if (value === (value | 0) && value >= 0)', 'false', 'value > 0'],
      ['byte-writer', 'for (; rest > 0x7fffffff;', 'rest >= 0x7fffffff'],
      ['protobuf-fields', 'if (length < 128) {', 'false', '{}'],
      ['writer', 'if (exemplar !== undefined) writeExemplar', 'true'],
      ['scrape', 'if (!(reading instanceof Promise)) return reading;', 'false'],
      ['negotiate', 'if (text === undefined) return 1;', 'false'],
    ),
  },
  {
    why: 'Equivalent: how much memory a writer has. It grows as needed, and what is copied past the end is overwritten.',
    is: inExposition(
      ['byte-writer', 'this.#reserve(end - start);', 'end + start'],
      ['byte-writer', 'for (let index = start; index < end;', 'index <= end'],
      ['byte-writer', 'const padded = Buffer.alloc(', 'bytes.length * 4'],
      ['byte-writer', 'const larger = Buffer.allocUnsafeSlow(', 'this.#bytes.length / 2'],
      ['byte-writer', 'if (needed <= this.#bytes.length)', 'needed < this.#bytes.length'],
      ['scrape', 'const out = new ByteWriter(', 'chunkLength * 4', 'chunkLength - chunkLength / 4'],
    ),
  },
  {
    why: 'Equivalent: one more round of a loop finds nothing: there is no such label, and no integer of 32 bits has eleven digits.',
    is: inExposition(
      ['byte-writer', 'for (let bound = 10; places < 10', 'true', 'places <= 10'],
      ['writer', 'for (let index = 0; index < layout.labels', 'index <= layout.labels.length'],
      ['protobuf', 'for (let index = 0; index < names', 'index <= names.length'],
    ),
  },
  {
    why: 'Equivalent: a guard for the type checker. The value is never absent there.',
    is: inExposition(
      ['self-metrics', 'while ((waiting[0]?.from', 'waiting.shift().resolve'],
      ['third-party-family', 'if (series.length > 0 && series[0]?.labels', 'series[0].labels'],
      ['third-party-family', '(sum !== undefined && sum.value >= 0', 'total.value', 'buckets[0].bound'],
      [
        'protobuf-third-party',
        'for (const [label, text] of lines[0]?.pairs',
        'lines[0].pairs',
        '["Stryker was here"]',
      ],
      ['protobuf-third-party', 'writeValue(value, lines[0]?.value', 'lines[0].value'],
      ['protobuf-third-party', "const count = part('_count')", 'buckets.at(-1).value'],
      ['protobuf-third-party', 'if (line?.exemplar === undefined)', 'line.exemplar'],
      // `sort` puts absent ones at the end without comparing them.
      ['protobuf', 'for (const each of taken.sort(', 'one.timestamp', 'other.timestamp'],
      ['scrape-job', 'void source.return?.();', 'source.return()'],
    ),
  },
  {
    why: 'Equivalent: a name that no metric and no label can have, or a list whose elements are not read.',
    is: inExposition(
      ['open-metrics', "return ['', ...parts,", '["Stryker was here"]'],
      ['writer', ': [];', '["Stryker was here"]'],
      ['protobuf', 'const places = hasExemplars', '["Stryker was here"]'],
    ),
  },
  {
    why: 'Equivalent: the check that follows has the same result for these lines, headers and names.',
    is: inExposition(
      ['lenient-sample-line', 'const [whole, plain, inQuotes, value]', '["Stryker was here"]'],
      ['lenient-sample-line', 'if (whole === undefined) return undefined;', 'false'],
      ['negotiate', 'return index !== -1 &&', 'true', 'Number(rank[index]) >= Number(other[index])'],
      ['negotiate', 'default:', 'default:'],
      ['third-party-family', "if (type === 'histogram' && suffix === '_bucket')", 'true'],
    ),
  },
  {
    why: 'Equivalent: the outcome `complete` is a text, without an error; and dropping no chunk changes nothing.',
    is: inExposition(
      ['scrape-job', 'const { error } = typeof outcome', 'true', '{}'],
      ['scrape-job', 'if (count <= 0) return;', 'count < 0'],
    ),
  },
  {
    why: 'Equivalent: 1,000 divides -1,000, -2,000, ... as well.',
    is: inExposition(['third-party-family', 'read += 1;', 'read -= 1']),
  },
  {
    why: 'Accepted: where a scrape pauses, when a chunk has exactly its size, or when nothing is left of a series. The text is the same.',
    is: inExposition(
      ['family-writer', "if (piece === '' || out.length >= chunkLength)", 'out.length > chunkLength'],
      ['writer', 'if (out.length >= chunkLength) yield;', 'out.length > chunkLength'],
      ['protobuf', 'if (out.length < chunkLength)', 'out.length <= chunkLength'],
      ['protobuf', 'if (target.length >= chunkLength)', 'target.length > chunkLength'],
      ['scrape', 'if (out.length < chunkLength)', 'out.length <= chunkLength'],
      ['scrape', 'if (out.length >= chunkLength)', 'out.length > chunkLength'],
      ['third-party-family', 'if (chosen.length > 0) yield', 'true', 'chosen.length >= 0'],
      ['third-party-family', 'if (series.length > 0) yield', 'true', 'series.length >= 0'],
    ),
  },
  {
    why: 'Accepted: prepared names and layouts are kept between scrapes for speed. Without that, they are made again.',
    is: inExposition(
      ['writer', 'if (existing?.type === type', 'false'],
      ['protobuf', 'if (existing !== undefined) return existing;', 'false'],
    ),
  },
];
