/** The bench measures what it says: that everything it times does its work, and that its arithmetic is right. */
import { readFile } from 'node:fs/promises';
import test from 'ava';
import { fromRoot } from '../helpers/package-root.js';
import { measureAttack } from './attack.js';
import { type Contender, type Kind, kinds, shapes } from './contender.js';
import { contenders } from './contenders/all.js';
import { floor } from './contenders/floor.js';
import { ours } from './contenders/ours.js';
import { measureGrowth } from './growth.js';
import { growthPlot } from './growth-plot.js';
import { bootstrapInterval, koaVariants, measureKoa } from './koa.js';
import { measureSideBySide, median } from './measure.js';
import { measureMemory, memoryVerdicts } from './memory.js';
import { measureRecorders, recorderTable } from './recorders.js';
import { callTable, factsLine, factsOfRun, type RunFacts } from './report.js';
import { measureScrapes, scrapeTable, scrapeVerdicts } from './scrape.js';
import { allVerdicts, type Measured, sectionNames, shownSections } from './sections.js';
import { measureSoak, slopeOf, soakVerdicts } from './soak.js';
import { speedSummary } from './speed-summary.js';
import { measureStartUp } from './start-up.js';
import { callVerdicts } from './targets.js';
import { atLeast, atMost, verdictTable } from './verdict.js';

test('every contender records what it is told to, in every kind and shape that it has', async (t) => {
  // One millisecond each: what is tested is that the bench measures work, not how fast it is.
  const measurements = await measureSideBySide({ contenders, rounds: 1, milliseconds: 1 });
  t.deepEqual(
    new Set(measurements.map(({ contender }) => contender)),
    new Set(contenders.map(({ name }) => name)),
  );
  t.true(measurements.every(({ nanoseconds }) => nanoseconds > 0));
  const [kindCount, shapeCount] = [Object.keys(kinds).length, Object.keys(shapes).length];
  t.is(measurements.filter(({ contender }) => contender === ours.name).length, kindCount * shapeCount);
  t.is(callTable(measurements).split('\n').length, 2 + kindCount * shapeCount);
  t.true(
    callVerdicts(measurements).every(({ measured }) => !measured.includes('NaN')),
    'all that is promised has been measured',
  );
});

test('a contender that records nothing stops the run', async (t) => {
  const idle: Contender = {
    ...floor,
    name: 'idle',
    subject: () => ({ record: () => {}, recorded: () => 0 }),
  };
  await t.throwsAsync(
    measureSideBySide({
      contenders: [idle],
      rounds: 1,
      milliseconds: 1,
      kinds: ['counter'],
      shapes: ['bound'],
    }),
    {
      message: 'idle: 256 operations on a counter recorded 0',
    },
  );
});

test('a promise is kept or missed by the ratio to prom-client; what was not measured is missed', (t) => {
  const verdict = (own: number, theirs: number) =>
    callVerdicts(
      [ours.name, 'prom-client'].map((contender, index) => ({
        kind: 'counter' as Kind,
        shape: 'bound',
        contender,
        nanoseconds: index === 0 ? own : theirs,
        rounds: [],
      })),
    )[0];
  t.like(verdict(2, 200), { limit: 'at least 100 x', measured: '100.0 x', reached: true });
  t.like(verdict(2, 199), { reached: false });
  t.true(callVerdicts([]).every(({ reached }) => !reached));
});

test('a verdict says what was promised, and what was found', (t) => {
  const verdicts = [atLeast('a', 2, 2, ' x'), atMost('b', 2, 2.5, ' ms'), atMost('c', 1, Number.NaN, '')];
  t.is(
    verdictTable(verdicts),
    `| promised | limit | measured | reached |
|---|---:|---:|---|
| a | at least 2 x | 2.0 x | yes |
| b | at most 2 ms | 2.5 ms | **no** |
| c | at most 1 | NaN | **no** |`,
  );
});

test('the recorders, the presets and the wire record what is measured', async (t) => {
  const measurements = await measureRecorders({ rounds: 1, milliseconds: 1 });
  t.true(measurements.every(({ nanoseconds }) => nanoseconds > 0));
  t.regex(recorderTable(measurements), /\| fetch, instrumentFetch \| \d+ \|/);
});

test('a Koa app answers the same, bare and measured in every way, and its CPU time is told', async (t) => {
  const measurements = await measureKoa({ pairs: 3, requests: 10, warmUp: 1 });
  t.deepEqual(
    measurements.map(({ variant }) => variant),
    [...koaVariants],
  );
  for (const { bare, more, interval } of measurements) {
    t.true(bare > 0);
    t.true(interval[0] <= more && more <= interval[1]);
  }
});

test('the interval of a median holds it, and is narrow where the numbers are alike', (t) => {
  t.deepEqual(bootstrapInterval([5, 5, 5, 5, 5]), [5, 5]);
  const [low, high] = bootstrapInterval(Array.from({ length: 301 }, (_, index) => index));
  t.true(low > 100 && low < 150 && high > 150 && high < 200, `${low} to ${high}`);
});

test('scrapes are measured alike, and their lines are counted', async (t) => {
  const measurements = await measureScrapes({ sets: 50, rounds: 1 });
  t.deepEqual(
    measurements.map(({ sets, contenders: measured }) => [sets, measured.map(({ name }) => name)]),
    [
      [
        50,
        [
          '@tamma/observability',
          'prom-client',
          '@prometheus-io/client',
          '@platformatic/prom-client',
          'copy of the same bytes',
        ],
      ],
      [500, ['@tamma/observability', 'prom-client', 'copy of the same bytes']],
    ],
  );
  t.regex(scrapeTable(measurements), /prom-client, 7,500 lines/);
  t.is(scrapeVerdicts(measurements).length, 4);
});

test('memory is weighed, of label sets and of the catalogue', async (t) => {
  const results = await measureMemory({
    rounds: 1,
    sets: 2_000,
    compared: [ours.name as never, 'prom-client'],
  });
  for (const { counter, histogram } of results.labelSets) {
    t.true(counter.before > 50 && counter.before < 2_000);
    t.true(histogram.before > counter.before);
    t.true(histogram.answering > 0 && histogram.after > 0);
  }
  t.is(results.catalogue.series, 20_000);
  t.true(results.catalogue.before > 20_000 * 50);
  t.true(memoryVerdicts(results).every(({ measured }) => !measured.includes('NaN')));
});

test('an attack is counted to the last call', (t) => {
  const { calls, normal, attacked } = measureAttack({ rounds: 1 });
  t.is(calls, 128 + 6 * 50_000);
  t.true(normal > 0 && attacked > 0);
});

test('growth is measured step by step, and drawn', async (t) => {
  const measurements = await measureGrowth({ most: 10 });
  t.deepEqual(
    measurements.map(({ library, sets }) => [library, sets]),
    [
      ['@tamma/observability', 10],
      ['prom-client', 10],
    ],
  );
  t.true(measurements.every(({ call, bytes, scrape }) => call > 0 && bytes > 100 && scrape > 0));
  const plot = growthPlot(measurements);
  t.is(plot.match(/<polyline/g)?.length, 8, 'two libraries in four plots');
  t.notRegex(plot, /NaN|undefined/);
});

test('a soak scrapes, resets and weighs; nothing falls', async (t) => {
  const measurement = await measureSoak({ seconds: 3 });
  t.true(measurement.calls > 1_000);
  t.true(measurement.scrapes > 3);
  t.true(measurement.resets > 5);
  t.is(measurement.fallen, 0);
  t.is(measurement.heap.length, measurement.resets);
});

test('the slope of a heap: none, noise, and a leak', (t) => {
  const verdict = (bytes: (second: number) => number) => {
    const heap = Array.from({ length: 60 }, (_, second) => ({ second, bytes: bytes(second) }));
    return soakVerdicts({ seconds: 60, calls: 1, scrapes: 1, resets: 60, fallen: 0, heap })[0]?.reached;
  };
  t.true(verdict(() => 1e7));
  t.true(verdict((second) => 1e7 + (second % 3) * 1e4));
  t.false(verdict((second) => 1e7 + second * 1e3));
  t.false(verdict((second) => 1e7 + second * 1e4 + (second % 3) * 1e4));
  const { slope } = slopeOf({ heap: [0, 1, 2, 3, 4].map((second) => ({ second, bytes: 7 * second })) });
  t.is(slope, 7);
});

test('start-up is that of processes that did what they were told', (t) => {
  const measurements = measureStartUp({ rounds: 1 });
  t.deepEqual(
    measurements.map(({ name }) => name),
    ['bare Node', 'the package and its catalogue', 'prom-client, for comparison'],
  );
  t.true(measurements.every(({ milliseconds }) => milliseconds > 0));
});

test('both READMEs and the plot show the results that are written down, and those are of every section', async (t) => {
  const results = JSON.parse(await readFile(fromRoot('test/bench/results.json'), 'utf8')) as RunFacts &
    Measured;
  const readme = await readFile(fromRoot('test/bench/README.md'), 'utf8');
  t.true(readme.includes(factsLine(results)));
  t.true(readme.includes(verdictTable(allVerdicts(results))));
  t.true(readme.includes(shownSections(results)));
  t.true((await readFile(fromRoot('README.md'), 'utf8')).includes(speedSummary(results)));
  t.is(await readFile(fromRoot('test/bench/growth.svg'), 'utf8'), growthPlot(results.growth));
  for (const name of sectionNames) t.true(name in results, name);
  t.deepEqual(Object.keys(results.versions), Object.keys(factsOfRun().versions));
});

test('the median is the middle', (t) => {
  t.is(median([3, 1, 2]), 2);
  t.is(median([4, 1, 2, 3]), 2.5);
});
