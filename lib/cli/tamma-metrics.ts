#!/usr/bin/env node
/** `tamma-metrics`: looks at any Prometheus endpoint. */
import { Command, InvalidArgumentError } from 'commander';
import { type Exposition, readExposition } from './exposition-reader.js';
import { endpointFindings, lintText } from './lint.js';
import { paintFor } from './paint.js';
import { readSource, shownSource } from './source.js';
import { topReport, topText } from './top.js';

interface SourceOptions {
  readonly json?: boolean;
  readonly header?: readonly string[];
  readonly timeout: number;
}

const paint = paintFor(process.stdout, process.env);
const sourceText = 'URL of an endpoint, path of a file, or - for the standard input';
const headerText = 'header to ask with, "Name: value"; may be given more than once';

const timeoutText = 'seconds in which an endpoint must have answered';

const program = new Command('tamma-metrics')
  .description('Looks at the metrics of any Prometheus endpoint, text or OpenMetrics.')
  .showHelpAfterError()
  .exitOverride();

program
  .command('top')
  .description('Shows which metrics and labels hold the most series, and how many bytes a scrape has.')
  .argument('<source>', sourceText)
  .option('-n, --limit <count>', 'how many metrics and labels to show', positiveInteger, 20)
  .option('-H, --header <header>', headerText, collected, [])
  .option('--timeout <seconds>', timeoutText, positiveInteger, 30)
  .option('--json', 'print JSON')
  .action(async (source: string, options: SourceOptions & { limit: number }) => {
    const report = topReport(await expositionAt(source, options), options.limit);
    console.log(options.json === true ? JSON.stringify(report, null, 2) : topText(report, paint));
  });

program
  .command('lint')
  .description(
    'Checks names, units, help, cardinality and identifiers. Exits with 1 where something is found.',
  )
  .argument('<source>', sourceText)
  .option(
    '--max-series <count>',
    'label sets that a metric may have; the buckets of a histogram are none of their own',
    positiveInteger,
    1_000,
  )
  .option('-H, --header <header>', headerText, collected, [])
  .option('--timeout <seconds>', timeoutText, positiveInteger, 30)
  .option('--json', 'print JSON')
  .action(async (source: string, options: SourceOptions & { maxSeries: number }) => {
    const findings = endpointFindings(await expositionAt(source, options), options);
    console.log(options.json === true ? JSON.stringify(findings, null, 2) : lintText(findings, paint));
    if (findings.length > 0) process.exitCode = 1;
  });

program.addHelpText(
  'after',
  '\nExit codes: 0 nothing found, 1 something found, 2 the source cannot be read, has no metrics, or the command is wrong.\nColours are left out where NO_COLOR is set or the output is no terminal.',
);

try {
  await program.parseAsync();
} catch (error) {
  const { code, message, exitCode } = error as Error & { code?: string; exitCode?: number };
  // Commander has said what it has to say; help and version end well.
  if (code?.startsWith('commander.') !== true) console.error(message);
  process.exitCode = exitCode === 0 ? 0 : 2;
}

async function expositionAt(source: string, { header = [], timeout }: SourceOptions): Promise<Exposition> {
  const headers = Object.fromEntries(
    header.map((line) => {
      const [name = '', ...value] = line.split(':');
      if (name.trim() === '' || value.length === 0)
        throw new Error(`Invalid header \`${line}\`: expected "Name: value".`);
      return [name.trim(), value.join(':').trim()];
    }),
  );
  const exposition = await readExposition(readSource(source, { headers, stdin: process.stdin, timeout }));
  // An endpoint without metrics is a mistake, of the service or of the URL: CI shall not pass.
  if (exposition.series > 0) return exposition;
  const { bytes, unreadable, firstUnreadable } = exposition;
  const received =
    bytes === 0
      ? 'nothing'
      : unreadable > 0
        ? JSON.stringify(firstUnreadable)
        : `${bytes} bytes without a sample`;
  throw new Error(`Cannot read \`${shownSource(source)}\`: expected metrics, received ${received}.`);
}

function positiveInteger(text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number > 0) return number;
  throw new InvalidArgumentError('Expected a positive integer.');
}

function collected(header: string, before: readonly string[]): string[] {
  return [...before, header];
}
