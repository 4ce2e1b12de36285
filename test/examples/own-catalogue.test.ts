import test from 'ava';
import { bundle } from '../../examples/own-catalogue/bundle.config.js';
import { generateBundle } from '../../lib/monitoring/bundle.js';
import { hasShownLines, startExample } from '../helpers/example-process.js';

test('the parcel service exposes its own catalogue, as its README shows', async (t) => {
  const service = startExample(t, 'own-catalogue', { METRICS_PORT: '0' });
  const [, url = ''] = await service.printed(/Metrics on (http:\S+)/);
  await hasShownLines(t, 'own-catalogue', await (await fetch(url)).text());
  t.is(await service.ended('SIGTERM'), 'SIGTERM');
});

test('the bundle of the parcel service has alerts for both objectives, and none about agents', async (t) => {
  const { files, warnings } = await generateBundle(bundle);
  t.deepEqual(warnings, []);
  const slo = files.find(({ path }) => path === 'prometheus/rules/slo.yml')?.content ?? '';
  t.deepEqual([...new Set([...slo.matchAll(/alert: (\w+)/g)].map(([, name]) => name))].sort(), [
    'SloParcelsDeliveredBurnsFast',
    'SloParcelsDeliveredBurnsSlowly',
    'SloParcelsInTwoDaysBurnsFast',
    'SloParcelsInTwoDaysBurnsSlowly',
  ]);
  t.regex(slo, /parcel_delivery_duration_seconds_bucket\{.*172800/);
  t.deepEqual(
    files.filter(({ path }) => /provider|platform|workflow/.test(path)),
    [],
  );
});
