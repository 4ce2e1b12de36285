/** The command line of `tamma-metrics`: looks at any Prometheus endpoint, writes the monitoring bundle and runs it. */
import { Command, InvalidArgumentError } from 'commander';
import type { PrometheusVersion } from '../monitoring/settings.js';
import type { BundleCommand } from './bundle.js';
import type { BundleSurroundings } from './bundle-options.js';
import { type Exposition, readExposition } from './exposition-reader.js';
import { endpointFindings, type LintOptions, lintText } from './lint.js';
import packageManifest from './package-version.cjs';
import { paintFor } from './paint.js';
import { openSource, shownSource } from './source.js';
import { topReport, topText } from './top.js';
import type { UpOptions } from './up-plan.js';
import type { WatchOptions } from './watch.js';

/** What a process gives the command: its environment, its three streams and its `import()`. */
export interface CommandProcess extends BundleSurroundings {
  readonly stdin: AsyncIterable<Uint8Array | string>;
  readonly stdout: CommandOutput;
  readonly stderr: CommandOutput;
}

interface CommandOutput {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

interface SourceOptions {
  readonly json?: boolean;
  readonly header?: readonly string[];
  readonly timeout: number;
}

type WatchCommand = Omit<WatchOptions, 'headers'> & Pick<SourceOptions, 'header'>;

const sourceText = 'URL of an endpoint, path of a file, or - for the standard input';
const headerText = 'header to ask with, "Name: value"; may be given more than once';

const configText = 'ES module whose default export, or export `bundle`, are the options of generateBundle';

const timeoutText = 'seconds in which an endpoint must have answered';

/**
 * Runs the command with these arguments, and returns its exit code; nothing is thrown.
 *
 * @param args those of the command line, without the program's own name
 */
export async function runCommand(
  args: readonly string[],
  { env, stdin, stdout, stderr, importModule }: CommandProcess,
): Promise<number> {
  let code = 0;
  const paint = paintFor(stdout, env);
  const say = (text: string): void => void stdout.write(`${text}\n`);
  const program = new Command('tamma-metrics')
    .description(
      'Looks at the metrics of any Prometheus endpoint, text or OpenMetrics; writes the monitoring bundle of a service, and runs it.',
    )
    .version(packageManifest.packageVersion(), '-V, --version')
    .showHelpAfterError('(--help tells more)')
    .exitOverride()
    .configureOutput({ writeOut: (text) => stdout.write(text), writeErr: (text) => stderr.write(text) });

  program
    .command('top')
    .description('Shows which metrics and labels hold the most series, and how many bytes a scrape has.')
    .argument('<source>', sourceText)
    .option('-n, --limit <count>', 'how many metrics and labels to show', positiveInteger, 20)
    .option('-H, --header <header>', headerText, collected, [])
    .option('--timeout <seconds>', timeoutText, positiveInteger, 30)
    .option('--json', 'print JSON')
    .action(async (source: string, options: SourceOptions & { limit: number }) => {
      const report = topReport(await expositionAt(source, options, stdin), options.limit);
      say(options.json === true ? JSON.stringify(report, null, 2) : topText(report, paint));
    });

  program
    .command('lint')
    .description(
      'Checks what Prometheus refuses, names, units, help, cardinality and identifiers. Exits with 2 where Prometheus refuses the scrape, with 1 where something else is found.',
    )
    .argument('<source>', sourceText)
    .option(
      '--max-series <count>',
      "label sets that a metric may have; a histogram's buckets count as one",
      positiveInteger,
      1_000,
    )
    .option('--style', 'apply rules of style too: help texts that are sentences')
    .option(
      '--ignore <rule>',
      'rule, or rule:metric, not to apply; may be given more than once',
      collected,
      [],
    )
    .option('-H, --header <header>', headerText, collected, [])
    .option('--timeout <seconds>', timeoutText, positiveInteger, 30)
    .option('--json', 'print JSON')
    .action(async (source: string, options: SourceOptions & LintOptions) => {
      const findings = endpointFindings(await expositionAt(source, options, stdin), options);
      say(options.json === true ? JSON.stringify(findings, null, 2) : lintText(findings, paint));
      if (findings.length > 0) code = findings.some(({ rule }) => rule === 'refused') ? 2 : 1;
    });

  program
    .command('bundle')
    .description(
      'Writes Prometheus, rules with tests, Alertmanager, Grafana, runbooks and deployment of a service into a folder.',
    )
    .option('-o, --out <dir>', 'folder to write to (required); what is there of others stays')
    .option('-c, --config <file>', configText)
    .option('-t, --target <version>', 'prometheus=2.42 or prometheus=3', prometheusVersion)
    .option('-i, --include <parts>', 'what the service has, such as http,process,pipeline', listed)
    .option('-f, --force', 'overwrite and remove files that were edited or are of others')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nThe settings of the service are those of the environment (METRICS_PORT, SERVICE_NAME, ...), unless the file has them.\nExit codes: 0 written, 1 nothing written since an expression does not fit the definitions or files are in the way, 2 a file\ncannot be read, a package is missing, or the command is wrong.',
    )
    .action(async ({ out, ...others }: Partial<BundleCommand> & { json?: boolean }) => {
      // Asked for here: as a required option it would be told before one that is misspelt.
      if (out === undefined) throw new Error('Missing option `--out`: expected the folder to write to.');
      const options = { ...others, out };
      // What only this command needs is loaded by it.
      const { bundleReport, bundleText } = await import('./bundle.js');
      const { json = false, ...command } = options;
      const report = await bundleReport(command, { env, importModule });
      say(json ? JSON.stringify(report, null, 2) : bundleText(report, paint));
    });

  program
    .command('up')
    .description(
      'Starts Prometheus and Alertmanager on 127.0.0.1 with a bundle, tells what changes, and ends both at Ctrl-C.',
    )
    .option('-d, --dir <dir>', 'folder of a bundle; without it, one is generated for as long as it runs')
    .option('-c, --config <file>', configText)
    .option('--prometheus-port <port>', 'port of Prometheus, 0 for any', port)
    .option('--alertmanager-port <port>', 'port of Alertmanager, 0 for any', port)
    .addHelpText(
      'after',
      '\nExit codes: 0 ended by a signal, 1 a program ended by itself or did not get ready, 2 a program is not installed, a port is\ntaken, or the command is wrong.',
    )
    .action(async (options: UpOptions) => {
      const { up } = await import('./up.js');
      code = await up(options, { env, importModule, paint, say });
    });

  program
    .command('watch')
    .description('Shows any Prometheus endpoints on a live page in the browser, side by side, until Ctrl-C.')
    .argument('<url...>', 'URLs of endpoints; the path is /metrics if it is left out')
    .option('-p, --port <port>', 'port of the page on 127.0.0.1, 0 for any', port)
    .option('-i, --interval <seconds>', 'seconds between two readings', positiveInteger, 5)
    .option('-H, --header <header>', headerText, collected, [])
    .option('--token-file <file>', 'file with the bearer token of the endpoints')
    .option('--timeout <seconds>', timeoutText, positiveInteger, 10)
    .option('--samples <count>', 'samples to keep per metric', positiveInteger, 10_000)
    .action(async (urls: string[], { header, ...options }: WatchCommand) => {
      const { watch } = await import('./watch.js');
      code = await watch(urls, { ...options, headers: headersOf(header) }, { paint, say });
    });

  program.addHelpText(
    'after',
    '\nExit codes: 0 nothing found, 1 something found, 2 Prometheus refuses the scrape, the source cannot be read or has no\nmetrics, or the command is wrong;\n`tamma-metrics help bundle` and `help up` tell theirs.\nColours are left out where NO_COLOR is set or the output is no terminal.',
  );

  try {
    await program.parseAsync(args, { from: 'user' });
    return code;
  } catch (error) {
    const { code, message, exitCode } = error as Error & { code?: string; exitCode?: number };
    // Commander has said what it has to say; help and version end well.
    if (code?.startsWith('commander.') !== true) stderr.write(`${message}\n`);
    const isFinding = code === 'ERR_METRICS_INVALID_MONITORING' || code === 'ERR_METRICS_BUNDLE_FOLDER';
    return exitCode === 0 ? 0 : isFinding ? 1 : 2;
  }
}

async function expositionAt(
  source: string,
  { header = [], timeout }: SourceOptions,
  stdin: CommandProcess['stdin'],
): Promise<Exposition> {
  const { chunks, contentType } = await openSource(source, { headers: headersOf(header), stdin, timeout });
  const exposition = await readExposition(chunks, contentType);
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

/** @throws Error for a line that is no header */
function headersOf(lines: readonly string[] = []): Record<string, string> {
  return Object.fromEntries(
    lines.map((line) => {
      const [name = '', ...value] = line.split(':');
      if (name.trim() === '' || value.length === 0)
        throw new Error(`Invalid header \`${line}\`: expected "Name: value".`);
      return [name.trim(), value.join(':').trim()];
    }),
  );
}

function positiveInteger(text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number > 0) return number;
  throw new InvalidArgumentError('Expected a positive integer.');
}

function port(text: string): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && number <= 65_535) return number;
  throw new InvalidArgumentError('Expected a port, 0 to 65535.');
}

function prometheusVersion(text: string): PrometheusVersion {
  const version = /^prometheus=(2\.42|3)$/.exec(text)?.[1];
  if (version === '2.42' || version === '3') return version;
  throw new InvalidArgumentError('Expected prometheus=2.42 or prometheus=3.');
}

function listed(text: string): string[] {
  return text.split(',').map((part) => part.trim());
}

function collected(header: string, before: readonly string[]): string[] {
  return [...before, header];
}
