/** Prometheus' text format, version 0.0.4 (Prometheus, "Exposition formats"). */
import { type ExpositionFormat, numberText, partsOf } from './format.js';

/** The `Content-Type` of the text format, version 0.0.4. @see https://prometheus.io/docs/instrumenting/exposition_formats/ */
export const textContentType = 'text/plain; version=0.0.4; charset=utf-8';

/** The text format, version 0.0.4. */
export const textFormat: ExpositionFormat = Object.freeze({
  label: 'text',
  contentType: textContentType,
  header: (name, help, type) =>
    `# HELP ${name} ${escapedHelp(help)}\n# TYPE ${name} ${type === 'unknown' ? 'untyped' : type}\n`,
  claimedNames: (name, type) => ['', ...partsOf(type)].map((part) => `${name}${part}`),
  isStrict: false,
  hasNegativeSums: true,
  bound: numberText,
  createdSample: () => undefined,
  hasExemplars: false,
  end: '',
} satisfies ExpositionFormat);

function escapedHelp(help: string): string {
  return help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}
