import { spawnSync } from 'node:child_process';
import { catalogue } from '../../../lib/catalogue/catalogue.js';
import type { MetricDefinition } from '../../../lib/definition.js';
import type { Label } from '../../../lib/label.js';
import { createTestRegistry, readText } from '../../../lib/testing.js';
import { testWithBoth } from '../../helpers/programs.js';

testWithBoth(
  ['promtool'],
  'promtool check metrics reports only the exemption that the catalogue declares',
  async (t, { promtool }) => {
    const registry = createTestRegistry();
    for (const definition of Object.values<MetricDefinition>(catalogue)) {
      // A series each, so that every line of every metric is checked.
      const values = Object.values<Label>(definition.labels).map(
        ({ values: closed }) => closed?.[0] ?? 'value',
      );
      registry.instrument(definition).labels(...values);
    }
    const { stdout, stderr } = spawnSync(promtool, ['check', 'metrics'], {
      input: await readText(registry),
      encoding: 'utf8',
    });
    t.is(`${stdout}${stderr}`.trim(), 'pr_lifetime_hours use base unit "seconds" instead of "hours"');
  },
);
