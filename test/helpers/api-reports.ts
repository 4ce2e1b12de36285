/** The public API of each entry point as one text, written by API Extractor from the types in `dist`. */
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CompilerState,
  Extractor,
  ExtractorConfig,
  ExtractorLogLevel,
  ExtractorMessageCategory,
} from '@microsoft/api-extractor';
import { fromRoot } from './package-root.js';

/** A report that is checked in. */
export interface ApiReport {
  /** Path from the root of the package. */
  readonly file: string;
  readonly content: string;
}

interface Manifest {
  readonly exports: Readonly<Record<string, string | { readonly require: { readonly types: string } }>>;
}

/** Subpath -> its types, from the root of the package. */
const entryPoints = Object.entries(
  (JSON.parse(readFileSync(fromRoot('package.json'), 'utf8')) as Manifest).exports,
).flatMap(([subpath, entry]) => (typeof entry === 'string' ? [] : [{ subpath, types: entry.require.types }]));

/** Where the report of each entry point is checked in. */
export const reportFiles: readonly string[] = entryPoints.map(({ subpath }) => reportFile(subpath));

/**
 * Reads the types in `dist`, which must be freshly built, and returns a report for each entry point.
 * @throws an Error with the messages of API Extractor if it cannot read the types
 */
export async function apiReports(): Promise<readonly ApiReport[]> {
  const folder = await mkdtemp(join(tmpdir(), 'tamma-api-'));
  try {
    await mkdir(join(folder, 'compared'));
    const configs = entryPoints.map((entry) => configOf(entry, folder));
    const [first, ...others] = configs;
    if (first === undefined) throw new Error('package.json has no entry points.');
    const additionalEntryPoints = others.map(({ mainEntryPointFilePath }) => mainEntryPointFilePath);
    const compilerState = CompilerState.create(first, { additionalEntryPoints });
    for (const config of configs) extract(config, compilerState);
    const written = await Promise.all(configs.map(({ reportFilePath }) => readFile(reportFilePath, 'utf8')));
    // API Extractor indents by itself, and keeps the tabs of the types.
    const texts = written.map((text) => text.replaceAll('\t', ''));
    const exported = new Set(texts.flatMap(exportedNames));
    return entryPoints.map(({ subpath }, index) => ({
      file: reportFile(subpath),
      content: withoutWarningsAbout(exported, texts[index] ?? ''),
    }));
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The names that an entry point exports, read from its report. */
export function exportedNames(report: string): string[] {
  return [
    ...report.matchAll(/^export (?:declare |abstract )*(?:class|const|function|interface|type) (\w+)/gm),
    ...report.matchAll(/^export \{ (?:\w+ as )?(\w+) \}/gm),
  ].map(([, name = '']) => name);
}

function reportFile(subpath: string): string {
  return `test/docs/api/${subpath === '.' ? 'index' : subpath.slice(2)}.api.md`;
}

function configOf({ subpath, types }: (typeof entryPoints)[number], folder: string): ExtractorConfig {
  return ExtractorConfig.prepare({
    configObjectFullPath: fromRoot('api-extractor.json'),
    packageJsonFullPath: fromRoot('package.json'),
    configObject: {
      projectFolder: fromRoot(''),
      mainEntryPointFilePath: fromRoot(types),
      compiler: {
        overrideTsconfig: {
          extends: './tsconfig.build.json',
          compilerOptions: { module: 'esnext', paths: {}, ignoreDeprecations: '6.0' },
          include: [],
          files: entryPoints.map((entry) => entry.types),
        },
      },
      apiReport: {
        enabled: true,
        reportFolder: folder,
        reportTempFolder: join(folder, 'compared'),
        reportFileName: subpath === '.' ? 'index' : subpath.slice(2),
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      newlineKind: 'lf',
      messages: {
        extractorMessageReporting: {
          'ae-forgotten-export': { logLevel: ExtractorLogLevel.None, addToApiReportFile: true },
        },
      },
    },
  });
}

function extract(config: ExtractorConfig, compilerState: CompilerState): void {
  const errors: string[] = [];
  const { succeeded } = Extractor.invoke(config, {
    localBuild: true,
    compilerState,
    messageCallback: (message) => {
      message.handled = message.category === ExtractorMessageCategory.Console;
      if (message.logLevel === ExtractorLogLevel.Error) errors.push(message.text);
    },
  });
  if (!succeeded)
    throw new Error(`API Extractor failed on ${config.mainEntryPointFilePath}:\n${errors.join('\n')}`);
}

/** A type that another entry point exports can be imported from there, so a warning about it is noise. */
function withoutWarningsAbout(exported: ReadonlySet<string>, report: string): string {
  return report.replaceAll(
    /^ *\/\/ .*\(ae-forgotten-export\) The symbol "(\w+?)(?:_\d)?" .*\n(?: *\/\/\n)?/gm,
    (warning, name: string) => (exported.has(name) ? '' : warning),
  );
}
