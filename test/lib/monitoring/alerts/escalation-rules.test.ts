import test from 'ava';
import { escalationGroups } from '../../../../lib/monitoring/alerts/escalation-rules.js';
import { type Alert, isAlert } from '../../../../lib/monitoring/model.js';
import { type BundleOptions, bundleSettings } from '../../../../lib/monitoring/settings.js';

function pageUnattended(options: BundleOptions = {}): Alert {
  const rule = escalationGroups(bundleSettings(options)).flatMap(({ rules }) => rules)[0];
  if (rule === undefined || !isAlert(rule)) throw new Error('no alert');
  return rule;
}

test('a page is escalated after an hour, divided by speedUp', (t) => {
  t.is(pageUnattended().forSeconds, 3_600);
  t.is(pageUnattended({ intervals: { scrapeSeconds: 0.2, speedUp: 360 } }).forSeconds, 10);
});
