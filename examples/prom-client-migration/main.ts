/** Records the same orders with both packages, and prints each sample of the old version with its value in both. */
import { after } from './after.js';
import { before } from './before.js';
import { type OrderMetrics, orders } from './orders.js';

async function samples({ record, scrape }: OrderMetrics): Promise<Map<string, string>> {
  for (const order of orders) record(order);
  const lines = (await scrape()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  // prom-client writes `le` as the first label and this package as the last one. The order has no meaning.
  return new Map(
    lines.map((line) => {
      const [, name = '', , labels = '', value = ''] = /^(\w+)(\{(.*)\})? (\S+)$/.exec(line) ?? [];
      return [`${name}{${labels.split(',').sort().join(',')}}`, value];
    }),
  );
}

const old = await samples(before);
const current = await samples(after);
for (const [series, value] of old) console.log(`${value} ${current.get(series)} ${series}`);
const differences = [...old].filter(([series, value]) => current.get(series) !== value);
console.log(`${old.size} samples, ${differences.length} differences`);
if (differences.length > 0) process.exitCode = 1;
