/** Mutants that may survive, by kind. The first kind that matches a survivor counts. */

const changesTo = (replacement, code) => (survivor) =>
  survivor.replacement === replacement && code.test(survivor.code);

/**
 * Survivors in files and in code that match, and with one of the replacements, if any are given: `inFiles(files, code, replacement)`,
 * or a table with a row for each change, `inFiles([files, code, ...replacements], ...)`. A text is the end of the file's path, without
 * `.ts`, the start of the line of code, or the whole replacement up to its first newline.
 */
const inFiles = (...changes) => {
  const rows = Array.isArray(changes[0]) ? changes : [changes];
  return (survivor) =>
    rows.some(
      ([files, code, ...replacements]) =>
        (typeof files === 'string'
          ? `/${survivor.file}`.endsWith(`/${files}.ts`)
          : files.test(survivor.file)) &&
        (typeof code === 'string' ? survivor.code.startsWith(code) : code.test(survivor.code)) &&
        (replacements.length === 0 ||
          replacements.some((each) =>
            typeof each === 'string' ? each === survivor.replacement : each.test(survivor.replacement),
          )),
    );
};

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
    why: 'Equivalent: a look-up that takes a short cut if it can, and else gives the same result on the general path. `compiled-find.test.ts` compares them.',
    is: ({ file, code }) =>
      file.endsWith('/compiled-find.ts') ||
      (file.endsWith('/series.ts') &&
        /^for \(const name in labels\)|!== names\[index\]|^if \((key|child) === undefined\)|#finds|#quickFind|quick\(labels\)|^return index > 0|^index\+\+|^for \(let index = 0; index < values|typeof value !== 'string'/.test(
          code,
        )) ||
      (file.endsWith('/label-values.ts') && /^return typeof value === 'string' \? value :/.test(code)) ||
      (file.endsWith('/tree-paths.ts') &&
        /^\): S \| undefined \{|index < names\.length && node|labels\[names\[index\]|\) expected\+\+|^const key = value === undefined|^node = key === undefined|^for \(const _ in labels|given === expected/.test(
          code,
        )),
  },
  {
    why: 'Equivalent: the table of a bucket finder only says where the search starts. An earlier start gives the same bucket, later.',
    is: ({ file, code }) =>
      file.endsWith('/bucket-finder.ts') &&
      /^(const (lowestCell|highestCell|smallest|start) =|for \(let cell|while \(bucket)/.test(code),
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
    is: inFiles(
      ['exposition/byte-writer', 'if (code > 127) {', 'true', 'code >= 127'],
      ['exposition/byte-writer', 'if (value === (value | 0) && value >= 0)', 'false', 'value > 0'],
      ['exposition/byte-writer', 'for (; rest > 0x7fffffff;', 'rest >= 0x7fffffff'],
      ['exposition/protobuf-fields', 'if (length < 128) {', 'false', '{}'],
      ['exposition/writer', 'if (exemplar !== undefined) writeExemplar', 'true'],
      ['exposition/scrape', 'if (!(reading instanceof Promise)) return reading;', 'false'],
      ['exposition/negotiate', 'if (text === undefined) return 1;', 'false'],
    ),
  },
  {
    why: 'Equivalent: how much memory a writer has. It grows as needed, and what is copied past the end is overwritten.',
    is: inFiles(
      ['exposition/byte-writer', 'this.#reserve(end - start);', 'end + start'],
      ['exposition/byte-writer', 'for (let index = start; index < end;', 'index <= end'],
      ['exposition/byte-writer', 'for (let index = 0; index < length; index += 4)', 'index <= length'],
      ['exposition/byte-writer', 'const padded = Buffer.alloc(', 'bytes.length * 8'],
      ['exposition/byte-writer', 'const larger = Buffer.allocUnsafeSlow(', 'this.#bytes.length / 2'],
      ['exposition/byte-writer', 'if (needed <= this.#bytes.length)', 'needed < this.#bytes.length'],
      [
        'exposition/scrape',
        'const out = new ByteWriter(',
        'chunkLength * 4',
        'chunkLength - chunkLength / 4',
      ],
    ),
  },
  {
    why: 'Equivalent: one more round of a loop finds nothing: there is no such label, and no integer of 32 bits has eleven digits.',
    is: inFiles(
      ['exposition/byte-writer', 'for (let bound = 10; places < 10', 'true', 'places <= 10'],
      ['exposition/writer', 'for (let index = 0; index < layout.labels', 'index <= layout.labels.length'],
      ['exposition/protobuf', 'for (let index = 0; index < names', 'index <= names.length'],
    ),
  },
  {
    why: 'Equivalent: a guard for the type checker. The value is never absent there.',
    is: inFiles(
      ['exposition/self-metrics', 'while ((waiting[0]?.from', 'waiting.shift().resolve'],
      ['exposition/third-party-family', 'if (series.length > 0 && series[0]?.labels', 'series[0].labels'],
      [
        'exposition/third-party-family',
        '(sum !== undefined && sum.value >= 0',
        'total.value',
        'buckets[0].bound',
      ],
      [
        'exposition/protobuf-third-party',
        'for (const [label, text] of lines[0]?.pairs',
        'lines[0].pairs',
        '["Stryker was here"]',
      ],
      ['exposition/protobuf-third-party', 'writeValue(value, lines[0]?.value', 'lines[0].value'],
      ['exposition/protobuf-third-party', "const count = part('_count')", 'buckets.at(-1).value'],
      ['exposition/protobuf-third-party', 'if (line?.exemplar === undefined)', 'line.exemplar'],
      // `sort` puts absent ones at the end without comparing them.
      ['exposition/protobuf', 'for (const each of taken.sort(', 'one.timestamp', 'other.timestamp'],
      ['exposition/scrape-job', 'void source.return?.();', 'source.return()'],
    ),
  },
  {
    why: 'Equivalent: a name that no metric and no label can have, or a list whose elements are not read.',
    is: inFiles(
      ['exposition/open-metrics', "return ['', ...parts,", '["Stryker was here"]'],
      ['exposition/writer', ': [];', '["Stryker was here"]'],
      ['exposition/protobuf', 'const places = hasExemplars', '["Stryker was here"]'],
    ),
  },
  {
    why: 'Equivalent: the check that follows has the same result for these lines, headers and names.',
    is: inFiles(
      ['exposition/lenient-sample-line', 'const [whole, plain, inQuotes, value]', '["Stryker was here"]'],
      ['exposition/lenient-sample-line', 'if (whole === undefined) return undefined;', 'false'],
      [
        'exposition/negotiate',
        'return index !== -1 &&',
        'true',
        'Number(rank[index]) >= Number(other[index])',
      ],
      ['exposition/negotiate', 'default:', 'default:'],
      ['exposition/third-party-family', "if (type === 'histogram' && suffix === '_bucket')", 'true'],
    ),
  },
  {
    why: 'Equivalent: the outcome `complete` is a text, without an error; and dropping no chunk changes nothing.',
    is: inFiles(
      ['exposition/scrape-job', 'const { error } = typeof outcome', 'true', '{}'],
      ['exposition/scrape-job', 'if (count <= 0) return;', 'count < 0'],
    ),
  },
  {
    why: 'Equivalent: 1,000 divides -1,000, -2,000, ... as well.',
    is: inFiles(['exposition/third-party-family', 'read += 1;', 'read -= 1']),
  },
  {
    why: 'Accepted: where a scrape pauses, when a chunk has exactly its size, or when nothing is left of a series. The text is the same.',
    is: inFiles(
      [
        'exposition/family-writer',
        "if (piece === '' || out.length >= chunkLength)",
        'out.length > chunkLength',
      ],
      ['exposition/writer', 'if (out.length >= chunkLength) yield;', 'out.length > chunkLength'],
      ['exposition/protobuf', 'if (out.length < chunkLength)', 'out.length <= chunkLength'],
      ['exposition/protobuf', 'if (target.length >= chunkLength)', 'target.length > chunkLength'],
      ['exposition/scrape', 'if (out.length < chunkLength)', 'out.length <= chunkLength'],
      ['exposition/scrape', 'if (out.length >= chunkLength)', 'out.length > chunkLength'],
      ['exposition/third-party-family', 'if (chosen.length > 0) yield', 'true', 'chosen.length >= 0'],
      ['exposition/third-party-family', 'if (series.length > 0) yield', 'true', 'series.length >= 0'],
    ),
  },
  {
    why: 'Accepted: prepared names and layouts are kept between scrapes for speed. Without that, they are made again.',
    is: inFiles(
      ['exposition/writer', 'if (existing?.type === type', 'false'],
      ['exposition/protobuf', 'if (existing !== undefined) return existing;', 'false'],
    ),
  },
  {
    why: 'Equivalent: a guard for the type checker. What it guards against does not occur: an index past the end of an array, a removed series without a removal, a kind of series without `onRemove`, a root that is not wide.',
    is: inFiles(
      /lib\/instruments\/(branch|folding|instrument|series|label-limits)\.ts$/,
      /removals\.get\(series\)\?\.metric|branch\.only\?\.key|^if \(parent !== undefined\) setChild|^else if \(branch\.only !== undefined\)|^if \(branch\.many !== undefined \|\| branch\.only|\[index\]\?\.(values ===|add\(value\))|^if \(value !== undefined && value !== ''\)|onRemove\?\.\(|index < values\.length/,
    ),
  },
  {
    why: 'Equivalent: `undefined` as a value of a map, or of a field of a new object, reads as if it were missing.',
    is: inFiles(
      /lib\/instruments\/(branch|readings)\.ts$/,
      /^if \(removal === undefined\) removals\.delete|^const reading: Reading =/,
    ),
  },
  {
    why: 'Equivalent: a label without a closed set never has a value that is stored as `other`, and one without a limit has no count that is read.',
    is: inFiles(
      /lib\/instruments\/(folding|label-limits)\.ts$/,
      /^if \(label\.values === undefined \|\||limit === undefined/,
    ),
  },
  {
    why: 'Equivalent: a series without a successor is its own. The check saves the look-up, or a second call.',
    is: inFiles(/\/gauge\.ts$/, /^(if \(this\.branch !== undefined \|\||return series === this)/),
  },
  {
    why: 'Equivalent: at the bound itself, both branches do the same.',
    is: inFiles(
      /\/(gauge|quantile-window)\.ts$/,
      /^if \((series\.touchedAt > now|now < this\.#newestSince)/,
      /=/,
    ),
  },
  {
    why: 'Equivalent: the general path waits for no function, or keeps all labels. The check saves objects.',
    is: inFiles(
      /\/instrument\.ts$/,
      /^(if \(this\.#collectors\.size === 0\)|return declared\.length === Object\.keys)/,
    ),
  },
  {
    why: 'Accepted: it frees memory that nothing reads again: the note of a reading that has ended.',
    is: inFiles(/\/readings\.ts$/, /^\} finally \{/),
  },
  {
    why: 'Accepted: an earlier test of the process has loaded the package already. In a new process, every test of quantiles would fail.',
    is: inFiles(/\/quantile-window\.ts$/, /^loaded \?\?=/),
  },
  {
    why: 'Equivalent: an instrument that is switched off makes no series.',
    is: inFiles(/\/switch-off\.ts$/, /create: \(\) => only/),
  },

  {
    why: 'Accepted: the table of bounds is made once per process, by an earlier test. `native-index.test.ts` compares every bound of a new one.',
    is: inFiles(
      /\/native-index\.ts$/,
      /^(export function prepareNativeIndex|function (boundTable|squareRoot)|for \(|const (bounds|rounding|smallest|next) =|bounds\[index\]|bound = |high\[index\]|starts\[cell\]|return \{ bounds|let root|if \(next >= root\))/,
    ),
  },
  {
    why: 'Accepted: exemplars are on for good in a process in which a test has set up a source of them, so the methods of the other stages do not run. `allocations.test.ts` and `exemplars-of-spans.test.ts` run them in processes of their own.',
    is: (survivor) =>
      inFiles(
        /\/exemplar-sources\.ts$/,
        /^(if \(stage === (next|'looking')\)|export function areExemplarsPossible|looks \+= 1|(else )?if \((openTelemetry\(\) !== undefined|looks >= maxLooks)\)|return stage === 'on'|shared\.isOn = true|function enterStage|export function note(Source|ContextLabels))/,
      )(survivor) ||
      inFiles(
        /\/(counter|histogram-series)\.ts$/,
        /^((override )?(add|record)\(value: number, (weight: number, )?exemplar\?|this\.value \+= value|if \(exemplar !== undefined\) offer|if \(exemplar !== undefined \|\| areExemplarsPossible)/,
      )(survivor),
  },
  {
    why: 'Accepted: the span of an earlier moment and the source of a call are used by decorators, the middleware and outgoing requests, whose tests are not run for instruments.',
    is: (survivor) => !survivor.isReached && inFiles(/\/exemplar-sources\.ts$/, /^/)(survivor),
  },
  {
    why: 'Accepted: how many recordings of a loop do not look for an exemplar. It changes the time that they take, not what is counted.',
    is: inFiles(
      /\/(exemplars|histogram-series|counter)\.ts$/,
      /^(if \(typeof place === 'object'\) place\.pace|return typeof place === 'number' \? withoutSkips|series\.skips = typeof|if \(--this\.skips|function isSkipped|const index = bucket === -1|if \(typeof place === 'object' && \(place\.pace|else if \(typeof place === 'number' && \(place & skips)/,
    ),
  },
  {
    why: 'Equivalent: a copy of the same buckets, or a list that is too short, which has too few pairs for its size anyway.',
    is: (survivor) =>
      inFiles(
        /\/native-buckets\.ts$/,
        /^if \((schema === buckets\.schema|threshold === buckets\.zeroThreshold)\)/,
        /^false$/,
      )(survivor) || inFiles(/\/native-buckets\.ts$/, /^const \[schema = Number\.NaN/, /^\+1$/)(survivor),
  },
  {
    why: 'Equivalent: 0 is in the zero bucket, a probe may go either way, a table may grow earlier, and what is past its end is no count.',
    is: inFiles(
      /\/native-counts\.ts$/,
      /^(const magnitude =|return this\.#add\(\(index << 1\)|slot = \(slot|if \(this\.#size \* 3|for \(let slot = 0)/,
    ),
  },
  {
    why: 'Equivalent: at this value, both branches give the same bound, or a length past the limit.',
    is: (survivor) =>
      inFiles(/\/native-index\.ts$/, /^return exponent < -1000/, /^exponent <= -1000$/)(survivor) ||
      inFiles(/\/native-buckets\.ts$/, /^if \(bound > widest/, /^bound >= widest$/)(survivor) ||
      inFiles(/\/exemplar-labels\.ts$/, /^if \(name\.length/, /^false$|>=/)(survivor),
  },
  {
    why: 'Equivalent: a check that saves work: without labels to add none are added, and nothing is cancelled that was not scheduled.',
    is: (survivor) =>
      inFiles(/\/exemplars\.ts$/, /^const context = contextLabels/, /^false$/)(survivor) ||
      inFiles(
        /\/(exemplars|histogram-series)\.ts$/,
        /^if \((given !== undefined\)|slot !== undefined && readAt|this\.#native !== undefined\) cancel)/,
        /^true$/,
      )(survivor),
  },
  {
    why: 'Equivalent: what the check or the first value keeps out reads the same as if it were missing: no exemplar at a place, no settings of no root, a slot whose fields are set before they are read.',
    is: inFiles(
      [
        'instruments/exemplars',
        "if (typeof exemplars !== 'object' || exemplars[bucket] === undefined)",
        'false',
      ],
      ['instruments/exemplars', 'return root === undefined ? undefined : settingsByRoot', 'false'],
      ['instruments/exemplars', 'return { labels: undefined, value: 0, timestamp: 0', '{}'],
      ['instruments/histogram-series', 'const places: ExemplarPlace[] = [];', '["Stryker was here"]'],
    ),
  },
  // Decorators.
  {
    why: 'Equivalent: the bracket that opens the body of a class is at depth 0, and the fields are at depth 1.',
    is: inFiles(['decorators/defined-fields', '(_, index) => (index > body', 'index >= body']),
  },
  {
    why: 'Equivalent: a copy of a call with the same outcome has the same content. The check saves the copy.',
    is: inFiles(['decorators/failed-result', 'if (call.outcome === outcome) return call;', 'false']),
  },
  {
    why: 'Equivalent: a guard for the type checker: a symbol has no length, and so is like no name; an own method has a descriptor; a decorator has a definition.',
    is: inFiles(
      [
        'decorators/instrumented',
        "const names = keys.filter((key) => typeof key === 'string')",
        'keys',
        'true',
      ],
      ['decorators/instrumented', '`Unknown method', 'true'],
      ['decorators/instrumented', 'if (descriptor === undefined) return;', 'false'],
      [
        'recording/registry-binding',
        'sharedRegistry.recordingFailed(definitions[0]?.name',
        'definitions[0].name',
      ],
    ),
  },
  {
    why: 'Equivalent: only a decorator with a fixed registry may be plain, and its options hold that registry. Without it, recordings that cannot fail are contained, which costs time.',
    is: inFiles(
      [
        'decorators/metric-decorator',
        'return Object.values(options).some((option) => typeof option',
        'true',
        "typeof option !== 'function'",
      ],
      ['decorators/metric-decorator', 'isPlain: recorder.isBound && !hasUserCode(options),', 'false'],
    ),
  },
  {
    why: 'Equivalent: an event without a response reports nothing, and what was reported before stays. The check saves objects.',
    is: inFiles(['presets/openai-usage', 'if (event.response !== undefined) update(', 'true']),
  },
  {
    why: 'Equivalent: each preset has an end, and a source that is missing gives no labels. The check saves that recordings look for exemplars.',
    is: inFiles([
      'presets/preset',
      'if (exemplar === undefined || end === undefined) return observer;',
      'false',
      'exemplar === undefined && end === undefined',
    ]),
  },
  {
    why: 'Equivalent: the type of a run, or the sources of all labels, are found again without the cache.',
    is: inFiles(
      ['presets/workflow', 'if (found === undefined) {', 'true'],
      ['recording/label-sources', 'labelNames.length === names.length', 'false'],
    ),
  },
  {
    why: 'Equivalent: what is thrown without the check is contained, and `undefined` reads as false: the metric is not off.',
    is: inFiles(
      [
        'recording/recorder',
        'const binding = bindingAt?.(instance, declaration);',
        'bindingAt(instance, declaration)',
      ],
      ['recording/recorder', 'if (binding === undefined) return false;', 'false'],
      ['recording/recorder', '} catch {', '{}'],
      ['presets/preset', '} catch {', '{}'],
    ),
  },
  {
    why: 'Accepted: what happens when a result is garbage collected. `garbage.test.ts` and `abandoned.test.ts` test it, and are left out, since they measure the heap.',
    is: inFiles(
      /decorators\/(observed-function|streams\/stream-life|presets\/(workflow|platform|provider))\.ts$/,
      /\babandon(ed|ment)?\b|^const kept =|\[declaredBy\]: declaration \}|^return \{$|^\): \(\) => void \{|^function (inCurrentContext|withoutResult)|^return \(\) => inContext\(report\)/,
    ),
  },
  {
    why: 'Accepted: the stack overflows within the recording itself, in a place that depends on its size. `stack-overflow.test.ts` and `unfinished-calls.test.ts` test what follows.',
    is: (survivor) =>
      !survivor.isReached &&
      inFiles(/decorators\/(observed-(function|call))\.ts$/, /^(\} catch|try) \{/)(survivor),
  },
  {
    why: 'Equivalent: `null` has nothing to observe, which the general path finds out, too.',
    is: inFiles(
      /decorators\/observed-function\.ts$/,
      /^if \(typeof (result|value) !== 'object' \|\| (result|value) === null/,
      /^false$/,
    ),
  },
  {
    why: 'Equivalent: what follows the check gives the same, later: no registry is off, an observer without `start`, one observer among all.',
    is: (survivor) =>
      inFiles(
        /decorators\/observed-function\.ts$/,
        /^if \(switchOffs\(\) > 0 && isOff/,
        /^true$|>= 0/,
      )(survivor) ||
      inFiles(
        /decorators\/observed-function\.ts$/,
        /^return checks\.length <= 1/,
        /^false$|checks\.length < 1/,
      )(survivor) ||
      inFiles(
        /decorators\/observed-function\.ts$/,
        /start === undefined \? undefined : startedBy/,
        /^false$/,
      )(survivor),
  },
  {
    why: 'Equivalent: a cache, or a check that saves a look-up. Without it, each call finds the same.',
    is: (survivor) =>
      inFiles(
        /decorators\/(recording\/(class-settings|registry-binding|recorder)|client-metric)\.ts$/,
        /^(if \(all\.version === 0\)|if \(version === 0\) return bindShared|if \((existing|always|bound) !== undefined\)|isBound: always)/,
        /^false$/,
      )(survivor) ||
      inFiles(
        /decorators\/(recording\/registry-binding|client-metric)\.ts$/,
        /^(lastBinding !== undefined|const bound = sources\.values === undefined)/,
      )(survivor) ||
      inFiles(/decorators\/method-site\.ts$/, /^if \(holder !== known \|\| version/, /^true$/)(survivor),
  },
  {
    why: 'Equivalent: the version of the settings is only compared with other versions, and with 0.',
    is: inFiles(/decorators\/recording\/class-settings\.ts$/, /^all\.version \+= 1/),
  },
  {
    why: 'Equivalent: of a table of options, only the names are read.',
    is: inFiles(
      /decorators\/(metric-decorator|presets\/workflow)\.ts$/,
      /^(ownOptions: \{ issueType|\[definition === undefined|\.\.\.\(clientMetric === undefined \? \{ registry|ignore|failure|handlesRejections).*true/,
      /^false$/,
    ),
  },
  {
    why: 'Equivalent: a timer with a sample of 1 times each call, too. The check saves a counter.',
    is: inFiles(/decorators\/timed\.ts$/, /^const isSampling = sample > 1/, /^true$|>=/),
  },
  {
    why: 'Equivalent: a guard for the type checker. What it guards against does not occur: a function for the value that is not given, a property without a descriptor, an entry that is missing.',
    is: inFiles(
      /decorators\/(counted|metadata|recording\/label-sources|exits|recording\/context-labels)\.ts$/,
      /^(const amount = value === undefined|store\?\.defineMetadata|const knowsEscalation = definition\.labels\[name\]\?\.values|if \(typeof original !== 'function'\))/,
      /^(false|store\.define|definition\.labels\[name\]\.values)/,
    ),
  },
  {
    why: 'Accepted: a polyfill that cannot be used is loaded before the package. `reflect.test.ts` starts processes that do so.',
    is: inFiles(
      /decorators\/metadata\.ts$/,
      /^(\} catch \{|isNoConflictUsable = false|\.\.\.\(isNoConflictUsable|\.\.\.\(hasPolyfill)/,
    ),
  },
  {
    why: 'Equivalent: a short cut for a text, and guards for the type checker: each label of a preset has a source, and each observer an end.',
    is: inFiles(
      /decorators\/presets\/preset\.ts$/,
      /^(if \(typeof source === 'string'\)|return ofClass\[name\]\?\.|export function absent|return bindingAt\?\.)/,
    ),
  },
  {
    why: 'Equivalent: each of two observers exists only if it is needed, and one that is missing is skipped at the end, too.',
    is: inFiles(/decorators\/paired-observers\.ts$/, /^(const pair: Pair =|if \(!isPair && \(endFirst)/),
  },
  {
    why: 'Accepted: after a test has given a class `failure`, all calls of the process take the general function. `calls-left-out.test.ts` tests both in its own process.',
    is: inFiles(/decorators\/observed-function\.ts$/, /^if \(isSampling && started === undefined\)/),
  },
  {
    why: 'Equivalent: the same function has the same source. The check saves reading it.',
    is: inFiles(/decorators\/promise-result\.ts$/, /^return then === nativeThen \|\|/, /^false$/),
  },
  {
    why: 'Equivalent: the call itself takes only one item for its first. That the life of its result drops the others, unless each of them is wanted, saves work.',
    is: (survivor) =>
      inFiles(/decorators\/observed-function\.ts$/, /^everyItem: /, /^true$/)(survivor) ||
      inFiles(
        /decorators\/streams\/stream-life\.ts$/,
        /^(if \(hasItem && everyItem !== true\) return|hasItem = true)/,
        /^false$/,
      )(survivor),
  },
  {
    why: 'Equivalent: a token that is not there has no place at which it would be compared, a bracket is the whole value of its token, and the first token is `class` or `function`.',
    is: (survivor) =>
      inFiles(/decorators\/defined-fields\.ts$/, /^/, /^\w+\.(depth|value|type|startsLine)$/)(survivor) ||
      inFiles(
        /decorators\/defined-fields\.ts$/,
        /^(if \(type === 'Template(Tail|Head)'|const tokens: PlacedToken|let startsLine)/,
      )(survivor),
  },
  // Results, streams and methods.
  {
    why: 'Equivalent: a guard for the type checker. A declaration that cannot learn its class knows it from the start, a decorated method is observed, and a listed property has a descriptor.',
    is: inFiles(
      /decorators\/method-site\.ts$/,
      /^(if \(typeof start === 'object' && start !== null\) declaration|const original = observedBy|const value: unknown = Reflect)/,
      /^(declaration\.learnFrom\(start\)|observedBy\(method\)\.original|Reflect\.getOwnPropertyDescriptor\(at, name\)\.value)$/,
    ),
  },
  {
    why: 'Equivalent: `undefined` is as good as `false` where only its truth is read.',
    is: inFiles(/decorators\/client-metric\.ts$/, /^isOff: \(\) => false,$/, /^\(\) => undefined$/),
  },
];
