/** Fills the whole catalogue with N series, and sends the bytes that they take. */
import { catalogue } from '../../lib/catalogue/catalogue.js';
import { scrapeChunks } from '../../lib/exposition/scrape.js';
import { MetricsRegistry } from '../../lib/registry.js';
import { fillCatalogue } from './catalogue-fill.js';
import { liveBytes, sendResult } from './child.js';
import type { CatalogueMemory } from './memory.js';

const wanted = Number(process.argv[2]);
const registry = new MetricsRegistry({ maxSeries: 10_000_000 });
for (const definition of Object.values(catalogue)) registry.instrument(definition);
const seriesNow = (): number => registry.instruments().reduce((sum, { series }) => sum + series.size, 0);

// Memory of the metrics themselves and of the first scrape is not counted as memory of series.
await linesOfScrape();
const [start, first] = [liveBytes(), seriesNow()];
fillCatalogue(registry, wanted);
const before = liveBytes() - start;
const lines = await linesOfScrape();
const after = liveBytes() - start;
sendResult({ series: seriesNow() - first, lines, before, after } satisfies CatalogueMemory);

async function linesOfScrape(): Promise<number> {
  let count = 0;
  for await (const chunk of scrapeChunks(registry)) for (const byte of chunk) if (byte === 10) count += 1;
  return count;
}
