/** The table of refused expositions, checked with the real Prometheus. */
import { testWithBoth } from '../../helpers/programs.js';
import { contentTypes, judgedExpositions } from '../../helpers/refused-expositions.js';
import { scrapeExpositions } from '../../helpers/scraped-expositions.js';
import { until } from '../../helpers/until.js';

interface Target {
  readonly labels: { readonly job: string };
  readonly health: 'up' | 'down' | 'unknown';
  readonly lastError: string;
}

testWithBoth(
  ['prometheus'],
  'Prometheus refuses exactly the expositions that the lint reports as refused',
  async (t, { prometheus: program }) => {
    const prometheus = await scrapeExpositions(
      t,
      program,
      judgedExpositions.map(({ format, text, contentType = contentTypes[format] }) => ({
        contentType,
        text,
      })),
    );
    const major = await prometheus.majorVersion();
    const targets = await until('a scrape of each target', async () => {
      const response = await fetch(`${prometheus.url}/api/v1/targets`);
      const { data } = (await response.json()) as { data: { activeTargets: readonly Target[] } };
      return data.activeTargets.length > judgedExpositions.length &&
        data.activeTargets.every(({ health }) => health !== 'unknown')
        ? data.activeTargets
        : undefined;
    });
    for (const [index, { what, problem, only = major }] of judgedExpositions.entries()) {
      const target = targets.find(({ labels }) => labels.job === String(index));
      const expected = problem === undefined || only !== major ? 'up' : 'down';
      t.is(target?.health, expected, `${what}: ${target?.lastError}`);
    }
  },
);
