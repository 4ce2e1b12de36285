/** Prometheus' text format, version 0.0.4 (Prometheus, "Exposition formats"). */
import { type ExpositionFormat, numberText } from './format.js';

export const textContentType = 'text/plain; version=0.0.4; charset=utf-8';

export const textFormat: ExpositionFormat = Object.freeze({
  label: 'text',
  contentType: textContentType,
  header: (name: string, help: string, type: string) =>
    `# HELP ${name} ${escapedHelp(help)}\n# TYPE ${name} ${type}\n`,
  counterSample: (name: string) => name,
  bound: numberText,
  createdSample: () => undefined,
  exemplar: () => '',
  end: '',
});

function escapedHelp(help: string): string {
  return help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}
