/**
 * A batch job. It is too short for Prometheus to scrape, so at the end it pushes to METRICS_PUSH_URL, or writes a file for the
 * textfile collector of node_exporter.
 */
import { rename, writeFile } from 'node:fs/promises';
import { defineCounter, defineGauge, label, sharedRegistry } from '@tamma/observability';
import { startPush } from '@tamma/observability/export';

const rows = sharedRegistry.counter(
  defineCounter({
    name: 'import_rows_total',
    help: 'Imported rows, by outcome.',
    labels: { outcome: label('success', 'failure') },
  }),
);
const succeededAt = sharedRegistry.gauge(
  defineGauge({
    name: 'import_last_success_timestamp_seconds',
    help: 'When the import last succeeded, in seconds since 1970.',
  }),
);

/** Imports numbers, one per line. */
function runImport(text: string): void {
  for (const line of text.split('\n'))
    rows.inc({ outcome: Number.isNaN(Number(line)) ? 'failure' : 'success' });
  succeededAt.set(Date.now() / 1_000);
}

/** A reader must not see a file that is half written, so it is renamed into place. */
async function writeMetrics(file: string): Promise<void> {
  await writeFile(`${file}.tmp`, await sharedRegistry.metrics());
  await rename(`${file}.tmp`, file);
}

const { METRICS_PUSH_URL: url, METRICS_FILE: file = 'import.prom' } = process.env;
// `grouping: {}`: the next run replaces the values of this one.
const push = url === undefined ? undefined : startPush({ url, job: 'import', grouping: {} });
try {
  runImport('1\n2\nthree');
} finally {
  // Also if the import fails: its failures are what an alert needs.
  await (push?.stop() ?? writeMetrics(file));
}
console.log(`Done. The metrics are in ${push === undefined ? file : 'the Pushgateway'}.`);
