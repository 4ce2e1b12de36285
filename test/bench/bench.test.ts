import test from 'ava';
import { type Contender, kinds, shapes } from './contender.js';
import { contenders } from './contenders/all.js';
import { floor } from './contenders/floor.js';
import { ours } from './contenders/ours.js';
import { koaTable, koaVariants, measureKoa } from './koa.js';
import { measureSideBySide, median } from './measure.js';
import { measureRecorders, recorderTable } from './recorders.js';
import { resultsOf, table, targetsTable } from './report.js';
import { checkTargets } from './targets.js';

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
  const results = resultsOf(contenders, measurements, [], []);
  t.is(results.versions['prom-client'], '15.1.3');
  t.is(table(results).split('\n').length, 2 + kindCount * shapeCount);
  t.is(targetsTable(results).split('\n').length, 6);
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

test('a target is reached or missed by the ratio to prom-client', (t) => {
  const times = (own: number, theirs: number) =>
    checkTargets([
      { kind: 'counter', shape: 'bound', contender: '@tamma/observability', nanoseconds: own, rounds: [] },
      { kind: 'counter', shape: 'bound', contender: 'prom-client', nanoseconds: theirs, rounds: [] },
    ])[0];
  t.like(times(2, 100), { ratio: 50, reached: true });
  t.like(times(2, 99), { reached: false });
  t.false(checkTargets([])[0]?.reached, 'what was not measured is not reached');
});

test('the recorders, the presets and the wire record what is measured', async (t) => {
  const measurements = await measureRecorders({ rounds: 1, milliseconds: 1 });
  t.true(measurements.every(({ nanoseconds }) => nanoseconds > 0));
  t.regex(recorderTable(measurements), /\| fetch, instrumentFetch \| \d+ \|/);
});

test('a Koa app answers the same, bare and measured, and its CPU time is told', async (t) => {
  const measurements = await measureKoa({ rounds: 1, requests: 50 });
  t.deepEqual(
    measurements.map(({ variant }) => variant),
    [...koaVariants],
  );
  t.true(measurements.every(({ microseconds }) => microseconds > 0));
  t.is(koaTable(measurements).split('\n').length, 2 + koaVariants.length);
});

test('the median is the middle', (t) => {
  t.is(median([3, 1, 2]), 2);
  t.is(median([4, 1, 2, 3]), 2.5);
});
