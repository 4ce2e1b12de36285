/** The monitoring bundle is generated, with the packages that only it needs. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { generateBundle } from '@tamma/observability/monitoring';

test('generateBundle generates rules, dashboards and deployment files', async () => {
  const { files } = await generateBundle();
  const kinds = new Set(files.map(({ path }) => path.split('/')[0]));
  for (const kind of ['prometheus', 'grafana', 'alertmanager']) assert.ok(kinds.has(kind), [...kinds].join());
});
