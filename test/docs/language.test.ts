/** Plain English in everything a person reads: sources, test titles and documents. The glossary is the table below. */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import test from 'ava';
import { globby } from 'globby';
import { fromRoot } from '../helpers/package-root.js';

interface Rule {
  /** Global. Matches text without line breaks. */
  readonly pattern: RegExp;
  readonly instead: string;
  /** Matches where the phrase is right, with up to 20 characters on either side. */
  readonly except?: RegExp;
}

/** Words, also as a part of an identifier: `told` is in `toldOnce` and `RateLimitTold`, not in `untold`. */
function words(...list: readonly string[]): RegExp {
  const capitalized = list.map((word) => `${word[0]?.toUpperCase()}${word.slice(1)}`);
  return new RegExp(
    `(?<![A-Za-z])(?:${[...list, ...capitalized].join('|')})(?![a-z])|(?<=[a-z])(?:${capitalized.join('|')})(?![a-z])`,
    'g',
  );
}

const glossary: readonly Rule[] = [
  // Words with a plainer alternative.
  {
    pattern: words('told', 'tells'),
    instead: 'reported, says, reports, is called with',
    except: /\btold apart/i,
  },
  { pattern: /\btell(?:s|ing)? of\b/gi, instead: 'report' },
  { pattern: /\bunder way\b/gi, instead: 'in progress' },
  { pattern: words('foreign'), instead: 'third-party', except: /foreign key/i },
  { pattern: words('mend', 'mends', 'mended', 'mending'), instead: 'fix' },
  { pattern: words('whoever', 'whomever'), instead: 'callers that, the caller' },
  {
    pattern: words('nobody', 'anybody', 'somebody'),
    instead: 'the name of the thing: no caller, no reader, another process',
    except: /'nobody'/,
  },
  { pattern: /\bno one's\b/gi, instead: 'say what happens: no page is sent' },
  { pattern: /\b(?:for|of|by|from) who\b/gi, instead: 'for callers that, for whom' },
  { pattern: /\bkin\b/gi, instead: 'and similar' },
  { pattern: /\bso many\b/gi, instead: 'that many, N' },
  { pattern: /\bsave for\b|\b(?:all|nothing|none|any|every\w*|no \w+),? but for\b/gi, instead: 'except for' },
  {
    pattern: /\bat once\b/gi,
    instead: 'immediately, synchronously',
    except: /\b(?:all|both|two|several|many|\d+|more|requests|calls|processes|tests) (?:\w+ )?at once/i,
  },
  { pattern: /\binto force\b/gi, instead: 'applies' },
  { pattern: /\bin hand\b/gi, instead: 'while it is held' },
  { pattern: /\bfor want of\b/gi, instead: 'because there is no, without' },
  { pattern: /\bcomes? about\b/gi, instead: 'happens' },
  {
    pattern: /\b(?:no|want of|has|have|had|makes?) room\b(?! for improvement)/gi,
    instead: 'space, capacity',
  },
  {
    pattern: /\bthe wire\b/gi,
    instead: 'outgoing requests, the HTTP client',
    except: /\b(?:on|over|across|onto|off) the wire/i,
  },
  {
    pattern:
      /\b(?:process|worker|service)(?:es|s)? lives?\b|\bhundred lives\b|\bof (?:its|one|another|a|the) (?:process's |worker's )?(?:life|lives)\b/gi,
    instead: 'run, process: it runs, a hundred runs',
  },
  // Translated constructions.
  {
    pattern: /\b(?:is|are|was|were|be|being) none\b(?!-)/gi,
    instead: 'is not a, there is no',
    except: /\bthere (?:is|are|was|were) none/i,
  },
  { pattern: /\bwhat is no\b/gi, instead: 'anything other than, an invalid' },
  { pattern: /\bthat there (?:is|are|was|were) not\b/gi, instead: 'unknown, missing' },
  {
    pattern: /\b(?:those|what|the ones?) (?:that )?there (?:is|are|was|were)\b/gi,
    instead: 'the existing ones',
  },
  {
    pattern: /\b(?:cannot|can|could|may|must) be had\b|\bto be had\b|\bhad as\b/gi,
    instead: 'is a counter, not a gauge; is not available',
  },
  {
    pattern: /\b(?:cannot |can |may |must |to )?stands? on\b/gi,
    instead: 'decorates, is built on',
    except: /stands? on its own/i,
  },
  { pattern: /\bhand(?:s|ed|ing)? on\b/gi, instead: 'passes on, re-exports', except: /by hand on/i },
  { pattern: /\b(?:there|are|is|were) of others\b/gi, instead: 'other files' },
  {
    pattern: /\bof (?:others|another|somebody)'s\b|\bis another['’]s\b|\bbe another['’]s\b/gi,
    instead: 'belongs to another',
  },
  { pattern: /\bthe very (?!first|last|same|end|start|beginning)\w+/gi, instead: 'the same' },
  { pattern: /\bgoes into it\b/gi, instead: 'wrap it in' },
  { pattern: /\bfor all it has\b/gi, instead: 'for all of them' },
  { pattern: /\bis looked\b(?! up)|\bat which it is looked\b/gi, instead: 'is asserted, is read' },
  { pattern: /\bsays? not\b/gi, instead: 'does not say' },
  { pattern: /\bcomes too\b/gi, instead: 'is exposed as well' },
  {
    pattern:
      /\b(?:registry|metric|instrument|counter|gauge|histogram|series) (?:that )?(?:knows|hears|believes)\b/gi,
    instead: 'has, holds',
  },
  { pattern: /\b(?:no|any|another) \w+ of ours\b/gi, instead: 'one of our' },
  { pattern: /\b(?:its|their) (?:own )?business\b/gi, instead: 'it may do that' },
  { pattern: /(?<!\b(?:are|were|is|was|not) )\ball the same\b/gi, instead: 'anyway' },
  { pattern: /\bheld to\b/gi, instead: 'checked against' },
  { pattern: /\bhears? of\b/gi, instead: 'receives, is called with' },
  { pattern: /\bof one's own\b/gi, instead: 'your own' },
  { pattern: /\bshall\b/gi, instead: 'must' },
  // One X a Y: per.
  {
    pattern:
      /\b(?:one|once|twice|two|bytes|samples|an? (?:line|group|series|hub|branch|array|file|rule|test|alert|panel|value|row|PrometheusRule)) an? (?:registry|class|call|request|scrape|process|worker|metric|series|label|label set|subject|group|file|test|instance|provider|model|bundle|alert|board|panel|host|member|kind|row|page|library|route)\b/gi,
    instead: 'per: one hub per registry',
    except: /bytes a scrape has/,
  },
  // Limits are named max and min.
  {
    pattern: /(?<![A-Za-z])(?:most|longest|least|fewest|shortest)[A-Z]\w*/g,
    instead: 'max…, min…',
    except: /longestFirst/,
  },
  // Names without meaning.
  {
    pattern: /\b(?:revived|vacated?|lastWords|takeAgain|UpSurroundings|InJob)\b/g,
    instead: 'a name that says what it is',
  },
  { pattern: words('crafted'), instead: 'an example, a test series', except: /hand-crafted/ },
  // Sentences that were misread.
  { pattern: /\bby hand, less measured\b/gi, instead: 'hand-written, fewer metrics' },
  { pattern: /\banswer is gone\b/gi, instead: 'after the response is released' },
  { pattern: /\bEverything checked\b/gi, instead: 'Runs every check' },
  { pattern: /\bEmpty is well\b/gi, instead: 'Empty means healthy' },
  { pattern: /\bAlways little\b/gi, instead: 'Constantly low' },
  { pattern: /\b(?:has|have|had) had to\b/gi, instead: 'say what happened' },
];

const unread =
  'examples/*/bundle/** test/fixtures/language/** test/docs/language.test.ts test/docs/api/** THIRD-PARTY-LICENSES.md'.split(
    ' ',
  );

/** The texts that people read. Generated files are left out: their sources are checked. */
const files = (
  await globby(['*.md', '{lib,decorators,middleware,test,examples}/**/*.{ts,tsx,mts,cts,js,mjs,cjs,md}'], {
    cwd: fromRoot(''),
    ignore: ['**/node_modules/**', ...unread],
  })
).sort();

/** @returns `file:line: "word" -> write "instead"` for each offence, in the order of the lines */
function offences(file: string, text: string): string[] {
  // A phrase may span two lines of a comment or a paragraph.
  const starts: number[] = [];
  let joined = '';
  for (const line of text.split('\n')) {
    starts.push(joined.length);
    joined += `${line.replace(/^\s*(?:\/\*\*?|\*\/?|\/\/|>|-)?\s*/, '')} `;
  }
  const found = glossary.flatMap(({ pattern, instead, except }) =>
    [...joined.matchAll(pattern)].flatMap(({ 0: word, index }) =>
      except?.test(joined.slice(Math.max(0, index - 20), index + word.length + 20)) === true
        ? []
        : [{ line: starts.findLastIndex((start) => start <= index) + 1, word, instead }],
    ),
  );
  return found
    .sort((left, right) => left.line - right.line)
    .map(({ line, word, instead }) => `${file}:${line}: "${word}" -> write "${instead}"`);
}

test('sources, test titles and documents are written in the words of the glossary', (t) => {
  t.deepEqual(
    files.flatMap((file) => offences(file, readFileSync(fromRoot(file), 'utf8'))),
    [],
  );
});

test('the check reads the sources, the documents and the tests', (t) => {
  for (const file of [
    'README.md',
    'CHANGELOG.md',
    'lib/index.ts',
    'lib/errors.md',
    'test/docs/readme.test.ts',
  ])
    t.true(files.includes(file), file);
});

const phrasesFile = 'test/fixtures/language/old-phrases.md';
const phrases = readFileSync(fromRoot(phrasesFile), 'utf8').match(/^- .*/gm) ?? [];

test('each phrase that was rewritten is still reported', (t) => {
  t.is(phrases.length, 25);
  t.deepEqual(
    phrases.filter((phrase) => offences(phrasesFile, phrase).length === 0),
    [],
  );
});

test('an offence is reported with its line, also if a phrase is split between lines', (t) => {
  t.deepEqual(offences('lib/a.ts', '/**\n * Waits for requests under\n * way.\n */\nconst toldOnce = 1;\n'), [
    'lib/a.ts:2: "under way" -> write "in progress"',
    'lib/a.ts:5: "told" -> write "reported, says, reports, is called with"',
  ]);
  t.deepEqual(offences('lib/a.ts', '// All tests start at once. A foreign key. Bytes over the wire.'), []);
});

const testInRepository = existsSync(fromRoot('.git')) ? test : test.skip;

testInRepository(
  'the subjects of commits since the last release are at most 72 characters long',
  async (t) => {
    const git = async (...args: string[]): Promise<string> =>
      (await promisify(execFile)('git', args, { cwd: fromRoot('') })).stdout.trim();
    // Without a tag, since the rule is checked.
    const range = await git('describe', '--tags', '--abbrev=0').then(
      (tag) => [`${tag}..HEAD`],
      () => ['-200', '--since=2026-11-28T03:00:00Z'],
    );
    const subjects = (await git('log', '--format=%h %s', ...range)).split('\n');
    t.deepEqual(
      subjects.filter((subject) => subject.slice(subject.indexOf(' ') + 1).length > 72),
      [],
    );
  },
);
