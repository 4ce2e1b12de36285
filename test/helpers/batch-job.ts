/** A batch job, as users write it: it records, and then exits with its own code. */
import { metricsPushSuccessTimestamp } from '../../lib/catalogue/self.js';
import { defineCounter } from '../../lib/define.js';
import { startPush } from '../../lib/push/pushgateway.js';
import { sharedRegistry } from '../../lib/registry.js';
import { readValue } from '../../lib/testing.js';
import { until } from './until.js';

const [url = '', intervalSeconds = '15'] = process.argv.slice(2);
const rowsImported = defineCounter({ name: 'rows_imported_total', help: 'Rows imported.' });

const push = startPush({
  url,
  job: 'nightly-import',
  grouping: {},
  intervalSeconds: Number(intervalSeconds),
});
sharedRegistry.counter(rowsImported).inc(3);
// With a short interval, wait for the first push, so that the one at the end is not the first.
if (Number(intervalSeconds) < 1)
  await until('a push', async () =>
    readValue(sharedRegistry, metricsPushSuccessTimestamp, { target: push.target }),
  );
sharedRegistry.counter(rowsImported).inc(4);
process.exitCode = 7;
