/**
 * The scrape jobs of bundles have only fields that the published documentation of each Prometheus has: unknown ones are refused.
 * `test/fixtures/prometheus/scrape-config.json` has the fields, with their types, by version.
 */
import { readFile } from 'node:fs/promises';
import test from 'ava';
import { parse } from 'yaml';
import type { BundleOptions } from '../../../../lib/monitoring/settings.js';
import { filesFor } from '../../../helpers/full-registry.js';
import { fromRoot } from '../../../helpers/package-root.js';

const { versions } = JSON.parse(
  await readFile(fromRoot('test/fixtures/prometheus/scrape-config.json'), 'utf8'),
) as { readonly versions: Readonly<Record<string, Readonly<Record<string, string>>>> };

const config = {
  token: 'secret',
  pushUrl: 'https://push.example/base',
} as const;

function jobsOf(options: BundleOptions): readonly Readonly<Record<string, unknown>>[] {
  const file = filesFor({ config, ...options }).find(({ path }) => path === 'prometheus/prometheus.yml');
  const { scrape_configs } = parse(file?.content ?? '') as {
    readonly scrape_configs: readonly Readonly<Record<string, unknown>>[];
  };
  return scrape_configs;
}

const isOfType: Readonly<Record<string, (value: unknown) => boolean>> = {
  '<bool>': (value) => typeof value === 'boolean',
  '<boolean>': (value) => typeof value === 'boolean',
  '<int>': (value) => Number.isInteger(value),
  list: (value) => Array.isArray(value) && value.every((item) => typeof item === 'string'),
};

for (const [name, options, supported] of [
  ['2.42', { target: '2.42' }, ['2.42.0', '3.5.0', '3.7.0', '3.8.0', '3.9.1']],
  ['3', { target: '3' }, ['3.5.0', '3.7.0', '3.8.0', '3.9.1']],
  [
    '3 with the feature `native-histograms`',
    { target: '3', nativeHistograms: 'feature' },
    ['3.5.0', '3.7.0', '3.8.0', '3.9.1'],
  ],
  [
    '3 with the setting `scrape_native_histograms`',
    { target: '3', nativeHistograms: 'setting' },
    ['3.8.0', '3.9.1'],
  ],
] as const) {
  test(`the scrape jobs for Prometheus ${name} have fields of its documentation, of their types`, (t) => {
    const jobs = jobsOf(options);
    t.is(jobs.length, 4);
    for (const version of supported) {
      const documented = versions[version] ?? {};
      for (const job of jobs) {
        for (const [field, value] of Object.entries(job)) {
          t.true(Object.hasOwn(documented, field), `${field} in ${version}`);
          t.true(isOfType[documented[field] ?? '']?.(value) ?? true, `type of ${field} in ${version}`);
        }
      }
    }
  });
}

test('Prometheus before 3.8 does not know `scrape_native_histograms`, which only the form `setting` writes', (t) => {
  const fields = (options: BundleOptions): Set<string> => new Set(jobsOf(options).flatMap(Object.keys));
  for (const version of ['2.42.0', '3.5.0', '3.7.0'])
    t.false(Object.hasOwn(versions[version] ?? {}, 'scrape_native_histograms'), version);
  t.is(versions['3.8.0']?.scrape_native_histograms, '<bool>');
  t.false(fields({ target: '2.42' }).has('scrape_native_histograms'));
  t.false(fields({ target: '3' }).has('scrape_native_histograms'));
  t.false(fields({ target: '3', nativeHistograms: 'feature' }).has('scrape_native_histograms'));
  t.true(fields({ target: '3', nativeHistograms: 'setting' }).has('scrape_native_histograms'));
});
