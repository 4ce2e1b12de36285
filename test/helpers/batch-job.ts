/** A batch job as a user would write it: it records, and ends by itself with a code of its own. */
import { defineCounter } from '../../lib/definition.js';
import { startPush } from '../../lib/export/pushgateway.js';
import { sharedRegistry } from '../../lib/registry.js';

const [url = '', intervalSeconds = '15'] = process.argv.slice(2);
const rowsImported = defineCounter({ name: 'rows_imported_total', help: 'Rows imported.' });

startPush({ url, job: 'nightly-import', grouping: {}, intervalSeconds: Number(intervalSeconds) });
sharedRegistry.counter(rowsImported).inc(3);
await new Promise((resolve) => setTimeout(resolve, 500));
sharedRegistry.counter(rowsImported).inc(4);
process.exitCode = 7;
