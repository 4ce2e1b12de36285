/** `npm run bench`: measures all libraries in one run. `-- --help` prints the options. */
import { readFile, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { withGenerated } from '../helpers/between-markers.js';
import { fromRoot } from '../helpers/package-root.js';
import { resultOf } from './child.js';
import { growthPlot } from './growth-plot.js';
import { missTable } from './misses.js';
import { factsLine, factsOfRun, type RunFacts } from './report.js';
import { allVerdicts, type Measured, type SectionName, sectionNames, shownSections } from './sections.js';
import { speedSummary } from './speed-summary.js';
import { verdictTable } from './verdict.js';

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    check: { type: 'boolean', default: false },
    report: { type: 'boolean', default: false },
    only: { type: 'string' },
    write: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
type Results = RunFacts & Measured;
const resultsFile = fromRoot('test/bench/results.json');

if (options.help) {
  console.log(`npm run bench                   measure, print the tables, write test/bench/results.json: ten minutes
npm run bench -- --quick        the same in two minutes, less accurate; writes nothing
npm run bench -- --only a,b     only these sections, of ${sectionNames.join(', ')}; writes nothing
npm run bench -- --only a,b --write   also write these sections into the results of the last run
npm run bench -- --check        exit with 1 if a target is missed; combines with the other options
npm run bench -- --report       measure nothing; write the last results into both READMEs and growth.svg`);
} else if (options.report) {
  await writeReport(JSON.parse(await readFile(resultsFile, 'utf8')) as Results);
} else {
  const names = options.only === undefined ? sectionNames : namesIn(options.only);
  const measured: Partial<Record<SectionName, unknown>> = {};
  for (const name of names) {
    const start = performance.now();
    process.stderr.write(name.padEnd(12));
    measured[name] = await resultOf('section-app.ts', [name, options.quick ? 'quick' : 'full']);
    process.stderr.write(`${((performance.now() - start) / 1_000).toFixed(0).padStart(4)} s\n`);
  }
  const results = { ...(await factsOfRun()), ...measured } as RunFacts & Partial<Measured>;
  const verdicts = allVerdicts(results);
  console.log(`${factsLine(results)}\n\n${verdictTable(verdicts)}\n\n${shownSections(results)}`);
  if (!options.quick && (options.only === undefined || options.write))
    await writeFile(resultsFile, `${JSON.stringify(await joined(results), null, 1)}\n`);
  const missed = verdicts.filter(({ reached }) => !reached);
  for (const { claim, limit, measured: found } of missed)
    console.error(`Missed: ${claim}: expected ${limit}, measured ${found}.`);
  if (options.check && missed.length > 0) process.exitCode = 1;
}

/** Some sections together with those of the last run, and the days of both. */
async function joined(results: RunFacts & Partial<Measured>): Promise<Results> {
  if (options.only === undefined) return results as Results;
  const last = JSON.parse(await readFile(resultsFile, 'utf8')) as Results;
  const otherDates: Record<string, string> = { ...last.otherDates };
  for (const name of sectionNames) {
    if (results[name] === undefined) continue;
    delete otherDates[name];
    if (results.date !== last.date) otherDates[name] = results.date;
  }
  return { ...last, ...results, date: last.date, otherDates };
}

function namesIn(list: string): SectionName[] {
  return list.split(',').map((name) => {
    const found = sectionNames.find((known) => known === name.trim());
    if (found === undefined)
      throw new Error(`Unknown section \`${name}\`: expected some of ${sectionNames.join(', ')}.`);
    return found;
  });
}

async function writeReport(results: Results): Promise<void> {
  const verdicts = allVerdicts(results);
  const parts = [factsLine(results), verdictTable(verdicts), missTable(verdicts), shownSections(results)];
  const written = parts.filter((part) => part !== '').join('\n\n');
  await writeFile(
    fromRoot('test/bench/README.md'),
    withGenerated('test/bench/README.md', 'results', written),
  );
  await writeFile(fromRoot('README.md'), withGenerated('README.md', 'speed', speedSummary(results)));
  await writeFile(fromRoot('test/bench/growth.svg'), growthPlot(results.growth));
}
