/** The command line of `tamma-metrics`: sets up projects, inspects Prometheus endpoints, writes the monitoring bundle and runs it. */
import { Command, InvalidArgumentError } from 'commander';
import type { PrometheusVersion } from '../monitoring/settings.js';
import type { BundleCommand } from './bundle.js';
import type { BundleEnvironment } from './bundle-options.js';
import { type Exposition, readExposition } from './exposition-reader.js';
import type { InitOptions } from './init.js';
import { endpointFindings, type LintOptions, lintText } from './lint.js';
import packageManifest from './package-version.cjs';
import { paintFor } from './paint.js';
import { openSource, shownSource } from './source.js';
import { topReport, topText } from './top.js';
import type { UpOptions } from './up-plan.js';
import type { ServePage, WatchOptions } from './watch.js';

/** The parts of a process that the command uses: its environment, its three streams, its `import()`, and the page of `watch`. */
export interface CommandProcess extends BundleEnvironment {
  readonly stdin: CommandInput;
  readonly stdout: CommandOutput;
  readonly stderr: CommandOutput;
  readonly servePage: ServePage;
}

interface CommandInput extends AsyncIterable<Uint8Array | string> {
  readonly isTTY?: boolean;
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

const sourceText = 'URL of an endpoint, path of a file, or - for standard input';
const headerText = 'request header, "Name: value"; can be repeated';
const configText = 'ES module that exports the options of generateBundle, as default or as `bundle`';
const timeoutText = 'seconds to wait for the whole response of an endpoint';

/**
 * Runs the command. Never rejects.
 * @param args the arguments of the command line, without the name of the program
 * @returns the exit code
 */
export async function runCommand(
  args: readonly string[],
  { env, stdin, stdout, stderr, importModule, servePage }: CommandProcess,
): Promise<number> {
  let code = 0;
  const paint = paintFor(stdout, env);
  const say = (text: string): void => void stdout.write(`${text}\n`);
  const program = new Command('tamma-metrics')
    .description(
      'Sets up a project, inspects the metrics of a Prometheus endpoint (text or OpenMetrics), writes the monitoring bundle of a service, and runs it.',
    )
    .version(packageManifest.packageVersion(), '-V, --version')
    .showHelpAfterError('(see --help)')
    .exitOverride()
    .configureOutput({ writeOut: (text) => stdout.write(text), writeErr: (text) => stderr.write(text) });

  program
    .command('init')
    .description(
      'Sets up a project: shows the set-up file of its metrics and the configuration of its monitoring bundle, asks, and writes them.',
    )
    .option('-d, --dir <dir>', 'folder of the project, with its package.json', '.')
    .option('-y, --yes', 'write the files without asking, for scripts')
    .addHelpText(
      'after',
      '\nThe files fit Koa, Nest or plain Node.js, TypeScript or JavaScript, and ES modules or CommonJS, as found in\npackage.json and in the names of the sources. Without a terminal and without --yes, nothing is written.\nExit codes: 0 written, or nothing to be written; 1 nothing written, since a file exists; 2 there is no package.json, or\nthe command is invalid.',
    )
    .action(async (options: InitOptions) => {
      const { init } = await import('./init.js');
      const ask = async (question: string): Promise<string> => {
        stdout.write(question);
        return firstLine(stdin);
      };
      const isTerminal = stdin.isTTY === true && stdout.isTTY === true;
      await init(options, { paint, say, ask: isTerminal ? ask : undefined });
    });

  program
    .command('top')
    .description('Shows the metrics and labels with the most series, and the size of a scrape.')
    .argument('<source>', sourceText)
    .option('-n, --limit <count>', 'number of metrics and labels to show', positiveInteger, 20)
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
      'Checks syntax, names, units, help, cardinality and identifiers. Exits with 2 if Prometheus would reject the scrape, with 1 for any other finding.',
    )
    .argument('<source>', sourceText)
    .option(
      '--max-series <count>',
      "maximum number of label sets per metric; a histogram's buckets count as one",
      positiveInteger,
      1_000,
    )
    .option('--style', 'also apply style rules: help texts are sentences')
    .option('--ignore <rule>', 'rule, or rule:metric, to skip; can be repeated', collected, [])
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
      'Writes the monitoring of a service to a folder: configuration of Prometheus and Alertmanager, rules with tests, dashboards, runbooks and deployment files.',
    )
    .option('-o, --out <dir>', 'folder to write to (required); other files in it are kept')
    .option('-c, --config <file>', configText)
    .option('-t, --target <version>', 'prometheus=2.42 or prometheus=3', prometheusVersion)
    .option('-i, --include <parts>', 'parts of the service, such as http,process,pipeline', listed)
    .option(
      '--native-histograms <how>',
      'quantiles and SLOs over native histograms: feature (Prometheus 3.0 to 3.8) or setting (3.8 and later)',
      nativeForm,
    )
    .option('-f, --force', 'overwrite or remove files that were edited, or that the bundle did not write')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nSettings of the service that the file does not have are read from the environment (METRICS_PORT, SERVICE_NAME, ...).\nExit codes: 0 written; 1 nothing written, since an expression does not fit the definitions or a file would be\noverwritten; 2 a file cannot be read, a package is missing, or the command is invalid.',
    )
    .action(async ({ out, ...given }: Partial<BundleCommand> & { json?: boolean }) => {
      // Not a required option: commander would report it before a misspelled one.
      if (out === undefined) throw new Error('Missing option `--out`: expected the folder to write to.');
      // Loaded here, since the other commands do not need it.
      const { bundleReport, bundleText } = await import('./bundle.js');
      const { json = false, ...options } = given;
      const report = await bundleReport({ ...options, out }, { env, importModule });
      say(json ? JSON.stringify(report, null, 2) : bundleText(report, paint));
    });

  program
    .command('up')
    .description(
      'Runs Prometheus and Alertmanager on 127.0.0.1 with a bundle until Ctrl-C, and prints changes of targets and alerts.',
    )
    .option('-d, --dir <dir>', 'folder of a bundle (default: a temporary one is generated)')
    .option('-c, --config <file>', configText)
    .option('--prometheus-port <port>', 'port of Prometheus, 0 for any', port)
    .option('--alertmanager-port <port>', 'port of Alertmanager, 0 for any', port)
    .addHelpText(
      'after',
      '\nExit codes: 0 ended by a signal; 1 a program exited or did not become ready; 2 a program is not installed, a port is\nin use, or the command is invalid.',
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
      code = await watch(urls, { ...options, headers: headersOf(header) }, { paint, say, servePage });
    });

  program.addHelpText(
    'after',
    '\nExit codes of top and lint: 0 no findings; 1 findings; 2 Prometheus would reject the scrape, the source cannot be read or\nhas no metrics, or the command is invalid. For the others, see `tamma-metrics help init`, `help bundle` and `help up`.\nOutput is coloured on a terminal, unless NO_COLOR is set.',
  );

  try {
    await program.parseAsync(args, { from: 'user' });
    return code;
  } catch (error) {
    const { code, message, exitCode } = error as Error & { code?: string; exitCode?: number };
    // Commander has printed its own errors. The exit code of --help and --version is 0.
    if (code?.startsWith('commander.') !== true) stderr.write(`${message}\n`);
    return exitCode === 0 ? 0 : findingCodes.has(code) ? 1 : 2;
  }
}

/** Errors of the user's files, not of the command: exit code 1. */
const findingCodes: ReadonlySet<string | undefined> = new Set([
  'ERR_METRICS_INVALID_MONITORING',
  'ERR_METRICS_BUNDLE_FOLDER',
  'ERR_METRICS_FILE_EXISTS',
]);

/** Up to the first line break, or to the end. */
async function firstLine(input: CommandInput): Promise<string> {
  let text = '';
  for await (const chunk of input) {
    text += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString();
    if (text.includes('\n')) break;
  }
  return text.split('\n')[0] ?? '';
}

async function expositionAt(
  source: string,
  { header = [], timeout }: SourceOptions,
  stdin: CommandProcess['stdin'],
): Promise<Exposition> {
  const { chunks, contentType } = await openSource(source, { headers: headersOf(header), stdin, timeout });
  const exposition = await readExposition(chunks, contentType);
  // An error, so that CI fails: the service or the URL is wrong.
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

function nativeForm(text: string): 'feature' | 'setting' {
  if (text === 'feature' || text === 'setting') return text;
  throw new InvalidArgumentError('Expected feature or setting.');
}

function listed(text: string): string[] {
  return text.split(',').map((part) => part.trim());
}

function collected(value: string, previous: readonly string[]): string[] {
  return [...previous, value];
}
