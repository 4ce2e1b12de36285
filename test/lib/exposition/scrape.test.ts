/** Changes during a scrape: series that are removed, created again and recorded while it is written. */
import test from 'ava';
import { MetricsAggregator } from '../../../lib/aggregation.js';
import { sumOf } from '../../../lib/aggregation-rules.js';
import { defineCounter, defineGauge } from '../../../lib/define.js';
import { scrapeChunks, scrapeToString } from '../../../lib/exposition/scrape.js';
import { label } from '../../../lib/label.js';
import { createTestRegistry } from '../../../lib/testing.js';

const calls = defineCounter({
  name: 'calls_total',
  help: 'Calls.',
  labels: { tenant: label(), user: label() },
  maxSeries: 10_000,
});

/** 3,000 series with the value 5, in about four chunks. */
function filled() {
  const registry = createTestRegistry();
  const counter = registry.counter(calls);
  for (let user = 0; user < 3_000; user++) counter.inc({ tenant: `t${user % 3}`, user }, 5);
  return { registry, counter };
}

/** The sample lines of a scrape, with an action after its second chunk. */
async function linesAround(
  registry: ReturnType<typeof createTestRegistry>,
  happens: () => void,
): Promise<string[]> {
  let text = '';
  let chunks = 0;
  for await (const chunk of scrapeChunks(registry)) {
    text += chunk.toString();
    if (++chunks === 2) happens();
  }
  return text.split('\n').filter((line) => line.startsWith('calls_total{'));
}

test('a chunk that is read before the next one is asked for may use the same memory', async (t) => {
  const { registry } = filled();
  const own: Buffer[] = [];
  for await (const chunk of scrapeChunks(registry)) own.push(chunk);
  const copies: Buffer[] = [];
  const memories = new Set<ArrayBufferLike>();
  for await (const chunk of scrapeChunks(registry, { reusesMemory: true })) {
    memories.add(chunk.buffer);
    copies.push(Buffer.from(chunk));
  }
  t.true(own.length > 3);
  t.is(memories.size, 1);
  t.is(Buffer.concat(copies).toString(), Buffer.concat(own).toString());
  t.is(new Set(own.map(({ buffer }) => buffer)).size, own.length);
});

function repeated(lines: readonly string[]): string[] {
  const seen = new Set<string>();
  return lines
    .map((line) => line.slice(0, line.lastIndexOf(' ')))
    .filter((labels) => seen.size === seen.add(labels).size);
}

test('a reset during a scrape exposes no series twice, and later series are in the next scrape', async (t) => {
  const { registry, counter } = filled();
  const lines = await linesAround(registry, () => {
    counter.reset();
    for (let user = 0; user < 3_000; user++) counter.inc({ tenant: `t${user % 3}`, user });
  });
  t.deepEqual(repeated(lines), []);
  t.true(lines.length > 500 && lines.length < 3_000);
  t.is((await scrapeToString(registry)).match(/^calls_total\{.*\} 1$/gm)?.length, 3_000);
});

test('a series that is removed and created again during a scrape is exposed once, and a new one is exposed as well', async (t) => {
  const { registry, counter } = filled();
  const lines = await linesAround(registry, () => {
    counter.inc({ tenant: 't2', user: 'new' });
    counter.removeWhere({ tenant: 't0' });
    for (let user = 0; user < 3_000; user += 3) counter.inc({ tenant: 't0', user });
  });
  t.deepEqual(repeated(lines), []);
  t.true(lines.includes('calls_total{tenant="t2",user="new"} 1'));
});

test('a series that is removed between two chunks is left out, and never written as 0', async (t) => {
  const { registry, counter } = filled();
  const lines = await linesAround(registry, () => counter.reset());
  t.true(lines.length > 500 && lines.length < 3_000);
  t.true(lines.every((line) => line.endsWith(' 5')));
});

test('two concurrent scrapes do not disturb the update of a derived gauge', async (t) => {
  const { registry } = filled();
  const aggregator = new MetricsAggregator({ registry, rules: [] });
  aggregator.addRule({
    output: defineGauge({
      name: 'calls_by_user',
      help: 'Calls by user.',
      labels: { user: label() },
      maxSeries: 10_000,
    }),
    matches: ({ name }) => name === calls.name,
    aggregate: sumOf,
  });
  const texts = await Promise.all([1, 2, 3, 4].map(() => scrapeToString(registry)));
  for (const text of texts) {
    const lines = text.split('\n').filter((line) => line.startsWith('calls_by_user{'));
    t.deepEqual(repeated(lines), []);
    t.is(lines.length, 3_000);
  }
  registry.counter(calls).removeWhere({ user: '7' });
  t.notRegex(await scrapeToString(registry), /^calls_by_user\{user="7"\}/m, 'a group that is gone goes');
});
