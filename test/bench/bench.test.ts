/** The benchmarks measure real work, and their arithmetic is right. */
import { readFile } from 'node:fs/promises';
import test from 'ava';
import { scrapeToString } from '../../lib/exposition/scrape.js';
import { MetricsRegistry } from '../../lib/registry.js';
import { fromRoot } from '../helpers/package-root.js';
import { parseText } from '../helpers/parse-text.js';
import { attackVerdicts, measureAttack } from './attack.js';
import { fillCatalogue } from './catalogue-fill.js';
import { type Contender, type Kind, kinds, shapes } from './contender.js';
import { contenders } from './contenders/all.js';
import { floor } from './contenders/floor.js';
import { ours } from './contenders/ours.js';
import { disabledTable, disabledVerdicts, measureDisabled } from './disabled.js';
import { exemplarTable, exemplarVerdicts, measureExemplars } from './exemplars.js';
import { measureGrowth } from './growth.js';
import { growthPlot } from './growth-plot.js';
import { type HeapParts, heapParts } from './heap-parts.js';
import { bootstrapInterval, koaTable, koaVariants, koaVerdicts, measureKoa } from './koa.js';
import { ladders, ladderTable, ladderVerdicts, measureLadders } from './ladder.js';
import { measureSideBySide, median, quantile } from './measure.js';
import { measureMemory, memoryVerdicts } from './memory.js';
import type { MemoryOfKind } from './memory-app.js';
import { missOf, missTable } from './misses.js';
import { measureNative, nativeTable, nativeVerdicts } from './native.js';
import { measureRecorders, recorderTable } from './recorders.js';
import { callTable, factsLine, factsOfRun, type RunFacts } from './report.js';
import { measureScrapes, type ScrapeMeasurement, scrapeTable, scrapeVerdicts } from './scrape.js';
import { watchScrapes } from './scrape-watch.js';
import { allVerdicts, type Measured, sectionNames, shownSections } from './sections.js';
import { measureSoak, type SoakMeasurement, slopeOf, soakVerdicts } from './soak.js';
import { speedSummary } from './speed-summary.js';
import { measureStartUp } from './start-up.js';
import { callVerdicts } from './targets.js';
import { atLeast, atMost, verdictTable } from './verdict.js';

test('every library records every operation that is measured, in each kind and shape it supports', async (t) => {
  // One millisecond each: this tests that work is measured, not how fast it is.
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
    'every claim has a measurement',
  );
});

test('native histograms are measured beside classic ones, and protobuf beside text', async (t) => {
  const measured = await measureNative({ processes: 1, rounds: 1, milliseconds: 1, sets: 100 });
  t.true(nativeVerdicts(measured).every((verdict) => !verdict.measured.includes('NaN')));
  t.deepEqual(
    measured.scrapes.map(({ format }) => format),
    ['text', 'protobuf'],
  );
  t.true(nativeTable(measured).includes('native'));
});

test('the run fails if a library records nothing', async (t) => {
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

test('a target is met by the ratio to prom-client, and missed without a measurement', (t) => {
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

test('the table of targets shows the limit, the measurement and whether the limit is met', (t) => {
  const verdicts = [atLeast('a', 2, 2, ' x'), atMost('b', 2, 2.5, ' ms'), atMost('c', 1, Number.NaN, '')];
  t.is(
    verdictTable(verdicts),
    `| target | limit | measured | met |
|---|---:|---:|---|
| a | at least 2 x | 2.0 x | yes |
| b | at most 2 ms | 2.5 ms | **no** |
| c | at most 1 | NaN | **no** |`,
  );
});

test('recorders, presets and outgoing requests record every operation that is measured', async (t) => {
  const measurements = await measureRecorders({ rounds: 1, milliseconds: 1 });
  t.true(measurements.every(({ nanoseconds }) => nanoseconds > 0));
  t.regex(recorderTable(measurements), /\| fetch, instrumentFetch \| \d+ \|/);
});

test('Koa apps respond alike with and without metrics, and each variant proves that it recorded the requests', async (t) => {
  const measurements = await measureKoa({ pairs: 6, requests: 10, processes: 2, warmUp: 20 });
  t.deepEqual(
    measurements.map(({ variant }) => variant),
    [...koaVariants],
  );
  for (const { bare, pairs, processes, percent, microseconds } of measurements) {
    t.true(bare > 0);
    t.is(pairs, 6);
    t.is(processes, 2);
    for (const { median: middle, interval } of [percent, microseconds])
      t.true(interval[0] <= middle && middle <= interval[1]);
  }
  t.regex(
    koaTable(measurements),
    /\| no metrics \(control\) \| \S+ % \| \S+ to \S+ % \| \S+ µs \| \S+ to \S+ µs \|/,
  );
  t.is(koaVerdicts(measurements).length, 4);
});

test('the confidence interval contains the median, and is narrow if the numbers are similar', (t) => {
  t.deepEqual(bootstrapInterval([[5, 5, 5, 5, 5]]), [5, 5]);
  const [low, high] = bootstrapInterval([Array.from({ length: 301 }, (_, index) => index)]);
  t.true(low > 100 && low < 150 && high > 150 && high < 200, `${low} to ${high}`);
});

test('the confidence interval is as wide as the differences between processes, for any number of pairs', (t) => {
  const process = (number: number) => Array.from({ length: 100 }, () => number);
  t.deepEqual(bootstrapInterval([1, 2, 3, 4, 5].map(process)), [1, 5]);
});

test('scrapes of all libraries are measured, and their lines counted', async (t) => {
  const measurements = await measureScrapes({ sets: 50, rounds: 1, roundsAlone: 2 });
  const lowerBounds = ['plain writer: prepared lines, and a number for each', 'copy of the same bytes'];
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
          ...lowerBounds,
        ],
      ],
      [500, ['@tamma/observability', 'prom-client', ...lowerBounds]],
    ],
  );
  for (const { alone } of measurements) {
    t.deepEqual(
      alone.map(({ name, stalls, collections }) => [name, stalls.length, collections.length]),
      [
        ['@tamma/observability', 2, 2],
        ['no scrape, for as long as one takes', 2, 2],
      ],
    );
  }
  t.regex(scrapeTable(measurements), /\| scrape, .* \| 750 lines, .* \| 7,500 lines, /);
  t.deepEqual(
    scrapeVerdicts(measurements).map(({ measured }) => measured.includes('NaN')),
    [false, false, false, false],
  );
});

test('the limit on stalls applies to 95 % of the rounds, at both sizes', (t) => {
  const measured = (sets: number, stalls: readonly number[]): ScrapeMeasurement => ({
    sets,
    bytes: 1,
    extra: 1,
    contenders: [],
    alone: [{ name: ours.name, times: [], collections: [], stalls }],
  });
  const verdicts = scrapeVerdicts([
    measured(10_000, [...Array.from({ length: 19 }, () => 5), 50]),
    measured(100_000, [...Array.from({ length: 18 }, () => 1), 11, 11]),
  ]);
  t.like(verdicts[1], {
    claim: 'longest stall during a scrape of 150,000 lines, 95th percentile of 20 rounds',
    measured: '5.0 ms',
    reached: true,
  });
  t.like(verdicts[2], { measured: '11.0 ms', reached: false });
});

test('memory is measured per label set and for the whole catalogue', async (t) => {
  const results = await measureMemory({
    rounds: 1,
    sets: 8_000,
    compared: [ours.name as never, 'prom-client'],
  });
  for (const { counter, histogram } of results.labelSets) {
    // Plausible numbers of bytes only: with this few sets, garbage that is not yet collected adds a tenth or more.
    t.true(counter.before > 50 && counter.before < 2_000, String(counter.before));
    t.true(histogram.before > 50 && histogram.before < 4_000, String(histogram.before));
    t.true(histogram.answering > 0 && histogram.after > 0);
  }
  t.is(results.catalogue.series, 80_000);
  t.true(results.catalogue.before > 80_000 * 50);
  t.true(memoryVerdicts(results).every(({ measured }) => !measured.includes('NaN')));
});

test('memory has one target while the response of a scrape is held and one after its release', (t) => {
  const filled = (answering: number, after: number) => ({ before: 1, answering, after });
  const results = (library: string, kind: MemoryOfKind) =>
    (['one label varies', 'all vary', 'few values of each'] as const).map((shape) => ({
      library,
      shape,
      counter: kind,
      histogram: kind,
    }));
  const [, , answering, after] = memoryVerdicts({
    sets: 1,
    labelSets: [...results(ours.name, filled(40, 60)), ...results('prom-client', filled(100, 100))],
    catalogue: { series: 1, lines: 1, before: 1, after: 1 },
  });
  t.like(answering, { measured: '0.40 x', reached: true });
  t.like(after, { measured: '0.60 x', reached: false });
});

test('the values that fill a registry vary from series to series, as in a service', async (t) => {
  const registry = new MetricsRegistry({ maxSeries: 10_000 });
  fillCatalogue(registry, 1_000);
  const numbers = parseText(await scrapeToString(registry)).filter(({ value }) => value > 0);
  const of = (suffix: string) =>
    numbers.filter(({ name }) => name.endsWith(suffix)).map(({ value }) => value);
  for (const suffix of ['_total', '_sum', '_count'])
    t.true(new Set(of(suffix)).size > 50, `${suffix}: ${new Set(of(suffix)).size}`);
  t.true(Math.max(...of('_total')) > 1_000 * Math.min(...of('_total')));
});

test('every call of the attack is counted, and timed both in loops and individually', (t) => {
  const { calls, normal, attacked, clock } = measureAttack({ rounds: 1 });
  t.is(calls, 128 + 51 * 2 * 2 * 2_000);
  for (const { mean, p50, p99 } of [normal, attacked]) t.true(mean > 0 && p50 > 0 && p99 >= p50);
  t.true(clock > 0);
});

test('the attack is compared with normal calls by mean, p50 and p99', (t) => {
  const verdicts = attackVerdicts({
    calls: 1,
    clock: 1,
    normal: { mean: 10, p50: 20, p99: 30 },
    attacked: { mean: 100, p50: 200, p99: 301 },
  });
  t.deepEqual(
    verdicts.map(({ reached }) => reached),
    [true, true, false],
  );
});

test('growth is measured in steps and plotted', async (t) => {
  const measurements = await measureGrowth({ maxSets: 10 });
  t.deepEqual(
    measurements.map(({ library, sets }) => [library, sets]),
    [
      ['@tamma/observability', 10],
      ['prom-client', 10],
    ],
  );
  t.true(measurements.every(({ call, bytes, scrape = 0 }) => call > 0 && bytes > 100 && scrape > 0));
  const plot = growthPlot(measurements);
  t.is(plot.match(/<polyline/g)?.length, 8, 'two libraries in four plots');
  t.notRegex(plot, /NaN|undefined/);
});

test('a soak test resets during and between scrapes, and finds no decreasing counter and no duplicate series', async (t) => {
  const measurement = await measureSoak({ seconds: 1 });
  t.true(measurement.calls > measurement.callsInScrapes);
  t.true(measurement.callsInScrapes > 1_000);
  t.true(measurement.resets > 5);
  t.true(measurement.overlapped > 2);
  t.true(measurement.compared > 2);
  t.is(measurement.fallen, 0);
  t.is(measurement.twice, 0);
  t.is(
    measurement.heap.length,
    Math.ceil(measurement.resets / 2),
    'every other reset happens during a scrape',
  );
});

test('a soak test finds decreasing, missing and duplicate series', (t) => {
  const watch = watchScrapes((series) => series.startsWith('rising'));
  watch.begin()('# HELP rising_total Rises.\nrising_total{a="1"} 2\nrising_total{a="2"} 2\nheld 5\n');
  watch.begin()('rising_total{a="1"} 2\nrising_total{a="2"} 3\nheld 4\n');
  t.like(watch.found, { scrapes: 2, compared: 1, fallen: 0, twice: 0 });
  watch.begin()('rising_total{a="1"} 1\nheld 4\nheld 5\n');
  t.like(watch.found, { scrapes: 3, compared: 2, fallen: 2, twice: 1 });
});

test('a soak test does not compare scrapes across a reset', (t) => {
  const watch = watchScrapes(() => true);
  watch.begin()('rising_total 9\n');
  watch.reset();
  watch.begin()('rising_total 8\n');
  t.like(watch.found, { overlapped: 0, compared: 0, fallen: 0 });
  const end = watch.begin();
  watch.reset();
  end('rising_total 7\n');
  t.like(watch.found, { overlapped: 1, compared: 0, fallen: 0 });
  watch.begin()('rising_total 6\n');
  t.like(
    watch.found,
    { overlapped: 1, compared: 0, fallen: 0 },
    'the previous scrape had lines from before and after the reset',
  );
  watch.begin()('rising_total 5\n');
  t.like(watch.found, { overlapped: 1, compared: 1, fallen: 1 });
});

test('a soak test finds what the program holds more, and not what V8 does', (t) => {
  const measured = (grown: Partial<HeapParts> = {}, more: Partial<SoakMeasurement> = {}): SoakMeasurement => {
    const before = { code: 1e6, internal: 1e6, program: 1e7 };
    return {
      seconds: 120,
      calls: 2,
      callsInScrapes: 1,
      resets: 60,
      scrapes: 1,
      overlapped: 1,
      compared: 1,
      fallen: 0,
      twice: 0,
      heap: [],
      parts: { seconds: 60, before, after: { ...before, ...grown } },
      ...more,
    };
  };
  const reached = (...args: Parameters<typeof measured>) =>
    soakVerdicts(measured(...args)).map((verdict) => verdict.reached);
  t.deepEqual(reached(), [true, true, true]);
  t.deepEqual(reached({ code: 2e6, internal: 2e6 }), [true, true, true]);
  t.deepEqual(reached({ program: 1e7 + 60 * 31 }), [false, true, true]);
  t.deepEqual(reached({}, { twice: 1 }), [true, true, false]);
  t.deepEqual(reached({}, { fallen: 1 }), [true, false, true]);
});

test('the slope of the heap ignores outliers and the code that V8 compiles', (t) => {
  const measured = (bytes: (second: number) => number, codeBytes = (_: number) => 1e6) => ({
    heap: Array.from({ length: 60 }, (_, second) => ({
      second,
      bytes: bytes(second) + codeBytes(second),
      codeBytes: codeBytes(second),
    })),
  });
  t.deepEqual(slopeOf(measured((second) => 7 * second)), { slope: 7, interval: [7, 7] });
  t.deepEqual(slopeOf(measured((second) => (second === 59 ? 1e9 : 1e7))).slope, 0);
  t.deepEqual(
    slopeOf(
      measured(
        () => 1e7,
        (second) => 1e6 + second * 1e4,
      ),
    ),
    { slope: 0, interval: [0, 0] },
  );
});

test('objects and strings that a program keeps count as its own part of the heap', async (t) => {
  const before = await heapParts();
  const kept = Array.from({ length: 10_000 }, (_, index) => ({ index, text: `kept ${index}` }));
  const after = await heapParts();
  t.true(after.program - before.program > kept.length * 40);
});

test('a disabled registry is measured with methods called, nothing recorded and no label source called', async (t) => {
  const measurements = await measureDisabled({ rounds: 1, milliseconds: 1 });
  t.is(measurements.length, 10);
  t.true(measurements.every(({ nanoseconds }) => nanoseconds > 0));
  t.is(disabledTable(measurements).split('\n').length, 12);
  t.true(disabledVerdicts(measurements).every(({ measured }) => !measured.includes('NaN')));
});

test('exemplars are timed without OpenTelemetry, without a span and within one', async (t) => {
  const measurements = await measureExemplars({ rounds: 1, milliseconds: 1 });
  t.deepEqual(
    measurements.map(({ state }) => state),
    ['absent', 'without a span', 'with a span'],
  );
  for (const { times } of measurements) t.true(Object.values(times).every((time) => time > 0));
  t.is(exemplarTable(measurements).split('\n').length, 5);
  t.true(exemplarVerdicts(measurements).every(({ measured }) => !measured.includes('NaN')));
});

test('the measurement of a disabled registry fails if the registry is enabled', async (t) => {
  await t.throwsAsync(measureDisabled({ rounds: 1, milliseconds: 1, registry: new MetricsRegistry() }), {
    message: /expected a registry that records nothing, received:\n# HELP/,
  });
});

test('start-up is measured in processes that ran without error', (t) => {
  const measurements = measureStartUp({ rounds: 1 });
  t.deepEqual(
    measurements.map(({ name }) => name),
    [
      'bare Node, an ES module',
      'bare Node, CommonJS',
      'the package and its catalogue, imported',
      'the package and its catalogue, required',
      'prom-client, required, for comparison',
    ],
  );
  t.true(measurements.every(({ milliseconds }) => milliseconds > 0));
});

test('both READMEs and the plot show the committed results, which cover every section', async (t) => {
  const results = JSON.parse(await readFile(fromRoot('test/bench/results.json'), 'utf8')) as RunFacts &
    Measured;
  const readme = await readFile(fromRoot('test/bench/README.md'), 'utf8');
  t.true(readme.includes(factsLine(results)));
  t.true(readme.includes(verdictTable(allVerdicts(results))));
  t.true(readme.includes(missTable(allVerdicts(results))));
  t.true(readme.includes(shownSections(results)));
  t.true((await readFile(fromRoot('README.md'), 'utf8')).includes(speedSummary(results)));
  t.is(await readFile(fromRoot('test/bench/growth.svg'), 'utf8'), growthPlot(results.growth));
  for (const name of sectionNames) t.true(name in results, name);
  const { versions } = await factsOfRun();
  t.deepEqual(Object.keys(results.versions).sort(), Object.keys(versions).sort());
});

test('the ladder compares each step with the one before, and the whole with the start, and proves what it recorded', async (t) => {
  const measured = await measureLadders({
    koa: { processes: 1, pairs: 2, operations: 50 },
    messages: { processes: 1, pairs: 2, operations: 2_000 },
    fetch: { processes: 1, pairs: 2, operations: 5 },
    profiledRequests: 200,
  });
  t.deepEqual(
    measured.steps.map(({ name }) => name).filter((name) => !name.startsWith('all of')),
    [...ladders.koa, ...ladders.messages, ...ladders.fetch],
  );
  t.is(measured.steps.length, Object.values(ladders).flat().length + 3);
  t.true(measured.steps.every(({ total, added }) => total > 0 && Number.isFinite(added.median)));
  t.regex(
    ladderTable(measured),
    /\| all of instrumentFetch\(\), over no listener \| \S+ \| \S+ \| \S+ to \S+ \|/,
  );
  t.false(ladderVerdicts(measured).some((verdict) => verdict.measured.includes('NaN')));
});

test('each target that the committed results miss says where the time goes, and what was tried', async (t) => {
  const results = JSON.parse(await readFile(fromRoot('test/bench/results.json'), 'utf8')) as Measured;
  const missed = allVerdicts(results).filter(({ reached }) => !reached);
  t.deepEqual(
    missed.filter((verdict) => missOf(verdict) === undefined).map(({ claim }) => claim),
    [],
  );
});

test('a missed target without an explanation says so in the table', (t) => {
  t.is(missTable([atMost('a', 2, 1, ' ms')]), '');
  t.regex(missTable([atMost('a', 2, 3, ' ms')]), /\| a \| not known \| none yet \|/);
});

test('the median is the middle number, or the mean of the two middle ones', (t) => {
  t.is(median([3, 1, 2]), 2);
  t.is(median([4, 1, 2, 3]), 2.5);
});

test('a quantile is the smallest number of the list that the given share does not exceed', (t) => {
  const numbers = Array.from({ length: 100 }, (_, index) => 100 - index);
  t.deepEqual(
    [0, 0.5, 0.95, 0.99, 1].map((share) => quantile(numbers, share)),
    [1, 50, 95, 99, 100],
  );
  t.is(quantile([], 0.5), Number.NaN);
});
