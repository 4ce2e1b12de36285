/**
 * The texts of the bundle's alerts: `runbooks/*.md`, a section per alert. A section begins with a quote of two paragraphs, the summary
 * and the description of the alert. The runbook follows: its meaning, a query, a list of causes and numbered actions.
 */
import { sectionsOf, withValues } from '../markdown-sections.js';
import type { Alert, Subject } from '../model.js';
import { type BundleSettings, windowOf } from '../settings.js';
import type { Thresholds } from './thresholds.js';

const secondsIn: Readonly<Record<string, number>> = { m: 60, h: 3_600, d: 86_400 };

/**
 * The texts in the section of an alert. `$httpErrorShare` in it stands for the threshold of that name, `$job` for the service, `$[5m]` and
 * `$[queueAgeSeconds]` for a window of the rules.
 * @param values what stands for each other `$name`
 */
export function alertTexts(
  settings: Pick<BundleSettings, 'job' | 'thresholds' | 'intervals'>,
  subject: Subject,
  section: string,
  values: Readonly<Record<string, string | number>> = {},
): Pick<Alert, 'summary' | 'description' | 'runbook'> {
  const template = sectionsOf(`alerts/runbooks/${subject}.md`).get(section);
  if (template === undefined) throw new Error(`runbooks/${subject}.md has no section ${section}`);
  const { job, thresholds } = settings;
  const windows = template.replaceAll(/\$\[(\w+)\]/g, (_, window: string) =>
    windowOf(settings, secondsOf(window, thresholds)),
  );
  const text = withValues(windows, { job, ...shownThresholds(thresholds), ...values });
  const [, summary = '', description = '', meaning = '', query = ''] =
    /^> ([^\n]*)\n>\n> ([^\n]*)\n\n(.*?)\n+```promql\n(.*?)\n```\n/s.exec(text) ?? [];
  return {
    summary,
    description,
    runbook: { meaning, query, causes: items(text, '-'), actions: items(text, '\\d+\\.') },
  };
}

/** Shares are written in per cent: `5%`. */
function shownThresholds(thresholds: Thresholds): Record<string, string | number> {
  const shown = (name: string, limit: number) =>
    name.endsWith('Share') ? `${Number((limit * 100).toPrecision(4))}%` : limit;
  return Object.fromEntries(Object.entries(thresholds).map(([name, limit]) => [name, shown(name, limit)]));
}

function secondsOf(window: string, thresholds: Thresholds): number {
  const [, count, unit = ''] = /^(\d+)([mhd])$/.exec(window) ?? [];
  return count === undefined
    ? thresholds[window as keyof Thresholds]
    : Number(count) * (secondsIn[unit] ?? 1);
}

/** The items of a list, each as one line: the lines of a longer one are indented. */
function items(text: string, marker: string): string[] {
  const item = new RegExp(`^${marker} (.*(?:\\n +.*)*)$`, 'gm');
  return [...text.matchAll(item)].map(([, content = '']) => content.replaceAll(/\n +/g, ' '));
}
