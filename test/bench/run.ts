/** `npm run bench`: everything beside the peers in one run. `-- --help` tells the options. */
import { readFile, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { fromRoot } from '../helpers/package-root.js';
import { contenders } from './contenders/all.js';
import {
  checkDecoratorTargets,
  decoratorTable,
  decoratorTargetsTable,
  measureDecorators,
} from './decorators.js';
import { koaTable, measureKoa } from './koa.js';
import { measureSideBySide } from './measure.js';
import { measureRecorders, recorderTable } from './recorders.js';
import { type Results, report, resultsOf, table, targetsTable } from './report.js';
import { storm, stormReport } from './storm.js';
import { checkTargets } from './targets.js';

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    check: { type: 'boolean', default: false },
    report: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const resultsFile = fromRoot('test/bench/results.json');

if (options.help) {
  console.log(`npm run bench              measure, print a table, write test/bench/results.json
npm run bench -- --quick   the same in seconds, less exact; writes nothing
npm run bench -- --check   exit with 1 where a target is missed
npm run bench -- --report  measure nothing; write the last results into test/bench/README.md`);
} else if (options.report) {
  await writeReport(JSON.parse(await readFile(resultsFile, 'utf8')) as Results);
} else {
  const measurements = await measureSideBySide({
    contenders,
    rounds: options.quick ? 3 : 7,
    milliseconds: options.quick ? 10 : 60,
    onProgress: (what) => process.stderr.write(`\r${what.padEnd(40)}`),
  });
  process.stderr.write(`\r${'decorators'.padEnd(40)}`);
  const decorators = await measureDecorators(
    options.quick ? { rounds: 3, milliseconds: 10 } : { rounds: 7, milliseconds: 60 },
  );
  process.stderr.write(`\r${'recorders'.padEnd(40)}`);
  const recorders = await measureRecorders(
    options.quick ? { rounds: 3, milliseconds: 10 } : { rounds: 7, milliseconds: 60 },
  );
  process.stderr.write(`\r${'koa'.padEnd(40)}`);
  const koa = await measureKoa({ rounds: options.quick ? 3 : 9, requests: options.quick ? 1_000 : 4_000 });
  process.stderr.write(`\r${'storm'.padEnd(40)}`);
  const scrapes = await storm({ milliseconds: options.quick ? 1_000 : 5_000 });
  process.stderr.write(`\r${' '.repeat(40)}\r`);
  const results = { ...resultsOf(contenders, measurements, decorators, recorders), koa, storm: scrapes };
  console.log(
    `${table(results)}\n\n${targetsTable(results)}\n\n${decoratorTable(decorators)}\n\n${decoratorTargetsTable(decorators)}\n\n${recorderTable(recorders)}\n\n${koaTable(koa)}\n\n${stormReport(scrapes)}`,
  );
  if (!options.quick) await writeFile(resultsFile, `${JSON.stringify(results, null, 2)}\n`);
  const reached = [...checkTargets(measurements), ...checkDecoratorTargets(decorators)].every(
    (target) => target.reached,
  );
  if (options.check && !reached) {
    console.error('A target is missed.');
    process.exitCode = 1;
  }
}

async function writeReport(results: Results): Promise<void> {
  const file = fromRoot('test/bench/README.md');
  const text = await readFile(file, 'utf8');
  const [start, end] = ['<!-- results -->', '<!-- /results -->'];
  const before = text.slice(0, text.indexOf(start) + start.length);
  const after = text.slice(text.indexOf(end));
  await writeFile(file, `${before}\n\n${report(results)}\n\n${after}`);
}
