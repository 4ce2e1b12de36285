/** The lists of the story's members and criteria name tests that exist, and that use the members. */
import { readFile } from 'node:fs/promises';
import test from 'ava';
import { parseSync } from 'oxc-parser';
import { fromRoot } from '../helpers/package-root.js';
import { criteria } from './criteria.js';
import { storyTypes } from './members.js';

interface TestFile {
  /** Source of each test, by title. */
  readonly tests: ReadonlyMap<string, string>;
  /** The declarations of the file, which its tests use. */
  readonly shared: string;
}

const files = new Map<string, Promise<TestFile>>();

function testFile(path: string): Promise<TestFile> {
  const known = files.get(path) ?? readTestFile(path);
  files.set(path, known);
  return known;
}

async function readTestFile(path: string): Promise<TestFile> {
  const source = await readFile(fromRoot(path), 'utf8');
  const tests = new Map<string, string>();
  let shared = '';
  for (const { start, end, ...statement } of parseSync(path, source).program.body) {
    const text = source.slice(start, end);
    const call = statement.type === 'ExpressionStatement' ? statement.expression : undefined;
    const [first] = call?.type === 'CallExpression' ? call.arguments : [];
    if (/^test\b/.test(text) && first?.type === 'Literal') tests.set(String(first.value), text);
    else if (statement.type !== 'ImportDeclaration') shared += text;
  }
  return { tests, shared };
}

/** Whether a text has a name as a whole word. */
function uses(text: string, name: string): boolean {
  return new RegExp(`(?<!\\w)${name}(?!\\w)`).test(text);
}

test('every member is used by the test that members.ts names', async (t) => {
  const rows = storyTypes.flatMap(({ type, covered }) => covered.map((each) => ({ type, ...each })));
  t.true(rows.length > 40);
  for (const { type, file, test: title, members } of rows) {
    const { tests, shared } = await testFile(`test/story/${file}`);
    const source = tests.get(title);
    t.not(source, undefined, `${file} has no test ‘${title}’`);
    for (const member of members)
      t.true(uses(`${shared}${source}`, member), `${type}.${member} is not used by ‘${title}’`);
  }
});

test('no member is listed twice', (t) => {
  const names = storyTypes.flatMap(({ type, covered }) =>
    covered.flatMap(({ members }) => members.map((member) => `${type}.${member}`)),
  );
  t.deepEqual(names, [...new Set(names)]);
});

test('every criterion names tests that exist', async (t) => {
  for (const { criterion, shownBy } of Object.values(criteria).flat()) {
    t.not(shownBy.length, 0, criterion);
    for (const { file, test: title } of shownBy)
      t.true((await testFile(file)).tests.has(title), `${criterion}: ${file} has no test ‘${title}’`);
  }
});

test('a member that no test uses is found', async (t) => {
  const { tests, shared } = await testFile('test/story/provider-metrics.test.ts');
  const [source = ''] = tests.values();
  t.true(uses(shared + source, 'recordRequestStart'));
  t.false(uses(shared + source, 'recordRequest'));
  t.false(uses(shared + source, 'recordTokenUsage'));
});
