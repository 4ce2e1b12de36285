/** The runbooks of the bundle's alerts: `runbooks/*.md`, a section per alert with a query, a list of causes and numbered actions. */
import type { Runbook, Subject } from '../model.js';
import texts from '../text-files.cjs';

const pages = new Map<Subject, ReadonlyMap<string, string>>();

/**
 * The section of an alert.
 * @param values what stands for each `$name`: `{ job: 'shop' }` fills in `up{job="$job"}`
 */
export function runbookOf(
  subject: Subject,
  section: string,
  values: Readonly<Record<string, string>>,
): Runbook {
  const template = sectionsOf(subject).get(section);
  if (template === undefined) throw new Error(`runbooks/${subject}.md has no section ${section}`);
  const text = template.replaceAll(/\$([a-z]+)/g, (placeholder, name: string) => values[name] ?? placeholder);
  const [, meaning = '', query = ''] = /^(.*?)\n+```promql\n(.*?)\n```\n/s.exec(text) ?? [];
  return { meaning, query, causes: items(text, '-'), actions: items(text, '\\d+\\.') };
}

function sectionsOf(subject: Subject): ReadonlyMap<string, string> {
  const known = pages.get(subject);
  if (known !== undefined) return known;
  const [, ...sections] = texts.readText(`alerts/runbooks/${subject}.md`).split(/^## /m);
  const page = new Map(sections.map((section) => [firstLine(section), section.replace(/^.*\n+/, '')]));
  pages.set(subject, page);
  return page;
}

function firstLine(text: string): string {
  return text.slice(0, text.indexOf('\n'));
}

/** The items of a list, each as one line: the lines of a longer one are indented. */
function items(text: string, marker: string): string[] {
  const item = new RegExp(`^${marker} (.*(?:\\n +.*)*)$`, 'gm');
  return [...text.matchAll(item)].map(([, content = '']) => content.replaceAll(/\n +/g, ' '));
}
