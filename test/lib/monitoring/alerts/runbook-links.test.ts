import test from 'ava';
import { runbookSection, runbookUrl } from '../../../../lib/monitoring/alerts/runbook-links.js';

const alert = { name: 'AiErrors', subject: 'provider' } as const;

test('a link to a runbook has one slash before its file, however the base ends', (t) => {
  t.is(runbookSection(alert), 'provider.md#aierrors');
  for (const base of [
    'https://example.com/runbooks',
    'https://example.com/runbooks/',
    'https://example.com/runbooks//',
  ])
    t.is(runbookUrl(alert, base), 'https://example.com/runbooks/provider.md#aierrors');
});
