/** The texts of alerts and their runbooks are read from Markdown without losing any of it. */
import { readFileSync } from 'node:fs';
import test from 'ava';
import { alertTexts } from '../../../../lib/monitoring/alerts/alert-texts.js';
import { subjects } from '../../../../lib/monitoring/model.js';
import { bundleSettings } from '../../../../lib/monitoring/settings.js';
import { fromRoot } from '../../../helpers/package-root.js';

const oneLine = (text: string): string => text.replaceAll(/\s+/g, ' ').trim();

/** The text with any value for each of its placeholders. */
const withAnyValues = (text: string): RegExp =>
  new RegExp(
    text
      .split(/\$(?:\[\w+\]|[a-z]\w*)/i)
      .map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&'))
      .join('.+'),
  );

test('placeholders stand for thresholds, windows and the values of an alert', (t) => {
  const settings = bundleSettings({ thresholds: { httpErrorShare: 0.035, queueAgeSeconds: 5_400 } });
  const elevated = alertTexts(settings, 'http', 'HttpErrorsElevated');
  t.true(elevated.description.endsWith('over 5m (limit 3.5%, at least 20 requests).'));
  t.regex(alertTexts(settings, 'workflow', 'QueueAgeHigh').description, / items for 1h30m /);
  t.is(
    alertTexts(settings, 'pipeline', 'PageUnattended', { hold: '2h' }).summary,
    '{{ $labels.origin }} has fired for 2h',
  );
  t.regex(alertTexts(settings, 'http', 'HttpErrors').runbook.query, /job="tamma"/);
});

// The user's own alerts bring their runbooks.
for (const subject of subjects.filter((name) => name !== 'own')) {
  test(`runbooks/${subject}.md: every sentence of a section is in the texts of its alert`, (t) => {
    const page = readFileSync(fromRoot(`lib/monitoring/alerts/runbooks/${subject}.md`), 'utf8');
    const [, ...sections] = page.split(/^## /m);
    t.true(sections.length > 0);
    for (const section of sections) {
      const [name = '', ...lines] = section.split('\n');
      const { summary, description, runbook } = alertTexts(bundleSettings(), subject, name);
      const { meaning, query, causes, actions } = runbook;
      const read = [summary, description, meaning, query, ...causes, ...actions].map(oneLine).join('\n');
      for (const line of lines) {
        const text = oneLine(line.replace(/^(?:- |\d+\. |> ?)/, ''));
        if (/^(?:|```.*|Likely causes:|What to do:)$/.test(text)) continue;
        t.regex(read, withAnyValues(text), `${name}: ${text}`);
      }
    }
  });
}
