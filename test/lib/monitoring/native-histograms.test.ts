/** Bundles over native histograms: quantiles, latency SLOs and the settings of scrapes. */
import test from 'ava';
import { parse } from 'yaml';
import { defineHistogram } from '../../../lib/define.js';
import { generateBundle } from '../../../lib/monitoring/bundle.js';
import type { BundleFile } from '../../../lib/monitoring/model.js';
import type { BundleOptions } from '../../../lib/monitoring/settings.js';
import { defineSlo } from '../../../lib/monitoring/slo/slo-definition.js';
import { filesFor } from '../../helpers/full-registry.js';

const wait = defineHistogram({ name: 'wait_seconds', help: 'Wait.', native: {} });
const run = defineHistogram({ name: 'run_seconds', help: 'Run.', buckets: [1, 5] });
const own: BundleOptions = { target: '3', nativeHistograms: 'feature', definitions: [wait, run] };

const contentOf = (files: readonly BundleFile[], path: RegExp): string =>
  files.flatMap((file) => (path.test(file.path) ? file.content : [])).join('\n');

function scrapeOf(files: readonly BundleFile[]): Record<string, unknown> | undefined {
  const { scrape_configs } = parse(contentOf(files, /^prometheus\/prometheus\.yml$/)) as {
    scrape_configs: Record<string, unknown>[];
  };
  return scrape_configs.find(({ job_name }) => job_name === 'tamma');
}

test('quantiles are written over the native histograms of the catalogue and of the definitions, others over buckets', async (t) => {
  const { files } = await generateBundle({ ...own, include: ['http'] });
  const text = contentOf(files, /rules|dashboards/);
  t.regex(text, /histogram_quantile\(0\.95, sum by \([^)]*\) \(rate\(http_server_request_duration_seconds\{/);
  t.regex(text, /histogram_quantile\(0\.95, sum(?: by \([^)]*\))? ?\(rate\(wait_seconds\{/);
  t.regex(text, /histogram_quantile\(0\.95, sum by \(le\) \(rate\(run_seconds_bucket\{/);
  t.notRegex(text, /histogram_quantile\([^)]*(?:wait_seconds|http_server_request_duration_seconds)_bucket/);
});

test('a latency SLO counts the share of a native histogram below its threshold', async (t) => {
  const slos = [
    defineSlo({
      name: 'run-latency',
      objective: 0.99,
      description: 'Runs that take a second at most.',
      latency: { metric: run, thresholdSeconds: 1 },
    }),
  ];
  const { files } = await generateBundle({ ...own, include: ['http'], slos });
  const rules = contentOf(files, /rules\/slo\.yml$/);
  t.regex(
    rules,
    /1 - histogram_fraction\(-Inf, [\d.]+, sum by \(job[^)]*\) \(rate\(http_server_request_duration_seconds\{/,
  );
  t.regex(rules, /histogram_count\(sum by \(job[^)]*\) \(rate\(http_server_request_duration_seconds\{/);
  t.notRegex(rules, /http_server_request_duration_seconds_bucket/);
  // Of a histogram with classic buckets only.
  t.regex(rules, /run_seconds_bucket\{/);
});

test('Prometheus 3.0 to 3.8 starts with the feature, and scrapes protobuf with classic buckets beside the native ones', (t) => {
  const files = filesFor(own);
  t.like(scrapeOf(files), {
    scrape_protocols: ['PrometheusProto', 'OpenMetricsText1.0.0', 'PrometheusText0.0.4'],
    always_scrape_classic_histograms: true,
  });
  t.is(scrapeOf(files)?.scrape_native_histograms, undefined);
  t.regex(contentOf(files, /^prometheus\/prometheus\.yml$/), /--enable-feature=native-histograms/);
});

test('Prometheus 3.8 and later has a setting, and needs no feature', (t) => {
  const files = filesFor({ ...own, nativeHistograms: 'setting' });
  t.like(scrapeOf(files), {
    scrape_native_histograms: true,
    scrape_protocols: ['PrometheusProto', 'OpenMetricsText1.0.0', 'PrometheusText0.0.4'],
    always_scrape_classic_histograms: true,
  });
  t.notRegex(contentOf(files, /./), /--enable-feature=native-histograms/);
});

test('without the option, a bundle has no native histograms', async (t) => {
  const { files } = await generateBundle({ target: '3', include: ['http'] });
  t.notRegex(contentOf(files, /prometheus\.yml|rules|dashboards/), /native|histogram_count|scrape_protocols/);
});

test('without the option, a histogram that is only native is refused, since its quantiles would be over no buckets', async (t) => {
  await t.throwsAsync(() => generateBundle({ target: '3', definitions: [wait, run] }), {
    code: 'ERR_METRICS_INVALID_MONITORING',
    message:
      'Invalid `nativeHistograms` (--native-histograms) in the monitoring bundle: expected "feature" or "setting", since histogram `wait_seconds` is only native, received false. Or give it `buckets` too.',
  });
  const both = defineHistogram({ name: 'both_seconds', help: 'Both.', buckets: [1], native: {} });
  const { files } = await generateBundle({ target: '3', definitions: [both, run] });
  t.regex(contentOf(files, /dashboards/), /both_seconds_bucket/);
});

test('native histograms need Prometheus 3, and one of the two forms', (t) => {
  t.throws(() => filesFor({ nativeHistograms: 'feature' }), {
    code: 'ERR_METRICS_INVALID_MONITORING',
    message: /`target`.*"3" with `nativeHistograms`/,
  });
  t.throws(() => filesFor({ target: '3', nativeHistograms: true as never }), {
    code: 'ERR_METRICS_INVALID_MONITORING',
    message: /`nativeHistograms`.*"feature" or "setting"/,
  });
});
