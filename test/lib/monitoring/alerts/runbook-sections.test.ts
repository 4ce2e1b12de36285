/** Runbooks are read from Markdown without losing any of its text. */
import { readFileSync } from 'node:fs';
import test from 'ava';
import { runbookOf } from '../../../../lib/monitoring/alerts/runbook-sections.js';
import { subjects } from '../../../../lib/monitoring/model.js';
import { fromRoot } from '../../../helpers/package-root.js';

const oneLine = (text: string): string => text.replaceAll(/\s+/g, ' ').trim();

// The user's own alerts bring their runbooks.
for (const subject of subjects.filter((name) => name !== 'own')) {
  test(`runbooks/${subject}.md: every sentence of a section is in its runbook`, (t) => {
    const page = readFileSync(fromRoot(`lib/monitoring/alerts/runbooks/${subject}.md`), 'utf8');
    const [, ...sections] = page.split(/^## /m);
    t.true(sections.length > 0);
    for (const section of sections) {
      const [name = '', ...lines] = section.split('\n');
      const { meaning, query, causes, actions } = runbookOf(subject, name, {});
      const read = [meaning, query, ...causes, ...actions].map(oneLine).join('\n');
      for (const line of lines) {
        const text = oneLine(line.replace(/^(?:- |\d+\. )/, ''));
        if (/^(?:|```.*|Likely causes:|What to do:)$/.test(text)) continue;
        t.true(read.includes(text), `${name}: ${text}`);
      }
    }
  });
}
