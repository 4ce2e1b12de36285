/** What the checked-in API reports say about documentation; `api.package.test.ts` checks that the reports are up to date. */
import { readdirSync, readFileSync } from 'node:fs';
import test from 'ava';
import { fromRoot } from '../helpers/package-root.js';

/** Types that a public signature uses and no entry point exports, each with the reason. */
const notExported: Readonly<Record<string, string>> = {
  catalogueSubjects: 'the list that `CatalogueSubject` is derived from',
  dashboardNames: 'the list that `DashboardName` is derived from',
  lintRules: 'the list that `LintRule` is derived from',
  requestMeasures: 'the list that `RequestMeasure` is derived from',
  subjects: 'the list that `Subject` is derived from',
  queueDepth: 'exported as `catalogue.queueDepth`',
};

/** The exports and members of a report that have no TSDoc. One documented overload is enough. */
function undocumented(report: string): string[] {
  const documented = new Set<string>();
  const missing = new Set<string>();
  let owner = '';
  let comment = '';
  for (const line of report.split('\n')) {
    if (/^ *\/\//.test(line)) comment += line;
    else {
      const exported =
        /^export (?:default |declare |abstract )*(?:class|const|function|interface|type) (\w+)/.exec(
          line,
        )?.[1];
      const member = /^ {4}(?:(?:readonly|static|abstract|protected|get|set) )*([\w$]+|\[[^\]]+\])/.exec(
        line,
      )?.[1];
      if (exported !== undefined) owner = exported;
      const name = exported ?? (member === undefined ? '' : `${owner}.${member}`);
      // A constructor is documented by its class and the type of its options.
      if (name !== '' && member !== 'constructor')
        (comment.includes('(undocumented)') ? missing : documented).add(name);
      comment = '';
    }
  }
  return [...missing].filter((name) => !documented.has(name));
}

const reports = readdirSync(fromRoot('test/docs/api')).map((name) => {
  const file = `test/docs/api/${name}`;
  return { file, report: readFileSync(fromRoot(file), 'utf8') };
});

for (const { file, report } of reports) {
  test(`every export and member in ${file} has TSDoc`, (t) => {
    t.deepEqual(undocumented(report), []);
  });
}

test('every type that a public signature uses is exported, or listed here with the reason', (t) => {
  const names = reports.flatMap(({ report }) =>
    [...report.matchAll(/\(ae-forgotten-export\) The symbol "(\w+?)(?:_\d)?"/g)].map(([, name = '']) => name),
  );
  t.deepEqual([...new Set(names)].sort(), Object.keys(notExported).sort());
});

test('the members without TSDoc are found in a report', (t) => {
  const report = `// @public
export interface Options {
    first: string;
    // (undocumented)
    readonly second?: number;
}

// @public (undocumented)
export function run(name: string): void;

// @public
export class Runner {
    // (undocumented)
    constructor(options: Options);
    stop(): void;
    // (undocumented)
    stop(seconds: number): void;
}
`;
  t.deepEqual(undocumented(report), ['Options.second', 'run']);
});
