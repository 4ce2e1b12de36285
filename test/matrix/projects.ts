/**
 * Small projects with the tools that the package must work with: the folders of `test/fixtures/projects`. Each script in the
 * package.json of a folder is a row of the matrix, for each set of versions.
 */
import { readFileSync } from 'node:fs';
import { fromRoot } from '../helpers/package-root.js';

/** One script of a project, with one set of versions. */
export interface ProjectScript {
  readonly node: string;
  readonly folder: string;
  readonly script: string;
  /** Packages that are installed in addition to the tarball. */
  readonly packages: Readonly<Record<string, string>>;
}

/** Name of a set of versions -> packages that replace those in the package.json of the folder. */
type Versions = Readonly<Record<string, Readonly<Record<string, string>>>>;

const jest29 = { jest: '29', 'babel-jest': '29', '@types/jest': '29' };
const nest10 = {
  '@nestjs/common': '10',
  '@nestjs/core': '10',
  '@nestjs/platform-express': '10',
  '@nestjs/testing': '10',
  '@types/express': '4',
  '@types/jest': '29',
  jest: '29',
};

const folders: Readonly<Record<string, Versions>> = {
  jest: { 'Jest 30': {}, 'Jest 29': jest29 },
  vitest: { 'vitest 4': {}, 'vitest 3': { vitest: '3' } },
  nest: { 'Nest 11': {}, 'Nest 10': nest10 },
  'routing-controllers': { '': {} },
  'ava-and-tsx': { '': {} },
  bundles: { '': {} },
  'two-bundles': { '': {} },
  copies: { '': {} },
};

export interface ProjectRow {
  readonly axis: 'projects';
  readonly version: string;
  readonly variant: string;
  readonly project: ProjectScript;
}

export const projectRows: readonly ProjectRow[] = Object.entries(folders).flatMap(([folder, versions]) => {
  const { scripts, dependencies, devDependencies } = JSON.parse(
    readFileSync(fromRoot(`test/fixtures/projects/${folder}/package.json`), 'utf8'),
  ) as Record<'scripts' | 'dependencies' | 'devDependencies', Record<string, string>>;
  return Object.entries(versions).flatMap(([name, changed]) =>
    Object.keys(scripts).map((script) => ({
      axis: 'projects' as const,
      version: folder,
      variant: name === '' ? script : `${name}, ${script}`,
      project: { node: '20', folder, script, packages: { ...dependencies, ...devDependencies, ...changed } },
    })),
  );
});
