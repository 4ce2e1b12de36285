/** Texts in Markdown files beside the code: a section per alert or panel. */
import textFiles from './text-files.cjs';

const files = new Map<string, ReadonlyMap<string, string>>();

/**
 * The sections of a file by their headings, `## Heading`.
 * @param file Path in `lib/monitoring`.
 */
export function sectionsOf(file: string): ReadonlyMap<string, string> {
  const known = files.get(file);
  if (known !== undefined) return known;
  const [, ...parts] = textFiles.readText(file).split(/^##? /m);
  const sections = new Map(
    parts.map((part) => [part.slice(0, part.indexOf('\n')), part.replace(/^.*\n+/, '')]),
  );
  files.set(file, sections);
  return sections;
}

/** The text with each `$name` of a value replaced; other names stay. */
export function withValues(text: string, values: Readonly<Record<string, string | number>>): string {
  return text.replaceAll(/\$([a-z]\w*)/gi, (placeholder, name: string) =>
    String(values[name] ?? placeholder),
  );
}
