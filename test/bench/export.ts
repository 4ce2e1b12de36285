/** Compressed bytes per minute that Prometheus fetches from the example service with N series, at a scrape every 15 s. */

import { request } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { compiled } from '../helpers/package-root.js';
import { parseText } from '../helpers/parse-text.js';
import { startServiceProcess } from '../helpers/service-process.js';
import { atMost, type Verdict } from './verdict.js';

export interface ExportMeasurement {
  /** Label sets, and lines per scrape. */
  readonly series: number;
  readonly lines: number;
  /** Bytes per scrape, uncompressed and compressed. */
  readonly bytes: number;
  readonly compressed: number;
}

const scrapesPerMinute = 60 / 15;

export async function measureExport({ series }: { series: number }): Promise<ExportMeasurement> {
  const service = await startServiceProcess({
    NODE_OPTIONS: `--import=${compiled('test/bench/export-fill.ts')}`,
    EXPORT_SERIES: String(series),
    METRICS_MAX_SERIES: String(series),
  });
  try {
    // Includes the series of a few seconds of real work and of the scrape itself.
    await fetched(service.url);
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    const compressed = await fetched(service.url);
    const text = gunzipSync(compressed).toString();
    const counted = parseText(text)
      .filter(({ name }) => name === 'metrics_series')
      .reduce((sum, { value }) => sum + value, 0);
    if (counted < series) throw new Error(`the service has ${counted} series, not ${series}`);
    return {
      series: counted,
      lines: text.split('\n').length - 1,
      bytes: Buffer.byteLength(text),
      compressed: compressed.length,
    };
  } finally {
    await service.stop();
  }
}

export function exportTable({ series, lines, bytes, compressed }: ExportMeasurement): string {
  return `The example service with ${series} series, ${lines} lines: a scrape is ${(bytes / 1e3).toFixed(0)} kB, gzipped ${(compressed / 1e3).toFixed(0)} kB; at 15 s that is ${perMinute(compressed).toFixed(2)} MB per minute.`;
}

export function exportVerdicts({ compressed }: ExportMeasurement): Verdict[] {
  return [
    atMost('export of the example service with 5,000 series', 1, perMinute(compressed), ' MB per minute', 2),
  ];
}

function perMinute(bytes: number): number {
  return (bytes * scrapesPerMinute) / 1e6;
}

/** The compressed bytes: `fetch` would decompress them. */
function fetched(url: string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    request(`${url}/metrics`, { headers: { 'accept-encoding': 'gzip' } }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.once('end', () => resolve(Buffer.concat(chunks))).once('error', reject);
    })
      .once('error', reject)
      .end();
  });
}
