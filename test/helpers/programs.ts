/**
 * The real programs that tests drive: Debian's packages, found on PATH, and the newer servers of Debian's next suite. If one
 * is missing, its tests are skipped with a message; with `CI=true` they fail.
 */
import { existsSync } from 'node:fs';
import { delimiter } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { findOnPath } from './find-on-path.js';
import { fromRoot } from './package-root.js';

/** Program -> its names on Debian, and the package that contains it. */
const programs = {
  prometheus: { names: ['prometheus'], debianPackage: 'prometheus' },
  'node-exporter': {
    names: ['prometheus-node-exporter', 'node_exporter'],
    debianPackage: 'prometheus-node-exporter',
  },
  promtool: { names: ['promtool'], debianPackage: 'prometheus' },
  alertmanager: {
    names: ['prometheus-alertmanager', 'alertmanager'],
    debianPackage: 'prometheus-alertmanager',
  },
  amtool: { names: ['amtool'], debianPackage: 'prometheus-alertmanager' },
  pushgateway: { names: ['prometheus-pushgateway', 'pushgateway'], debianPackage: 'prometheus-pushgateway' },
  nginx: { names: ['nginx'], debianPackage: 'nginx-light' },
  chromium: { names: ['chromium'], debianPackage: 'chromium' },
  'victoria-metrics': { names: ['victoria-metrics'], debianPackage: 'victoria-metrics' },
  vmagent: { names: ['vmagent'], debianPackage: 'victoria-metrics' },
  vmalert: { names: ['vmalert'], debianPackage: 'victoria-metrics' },
  vmauth: { names: ['vmauth'], debianPackage: 'victoria-metrics' },
  'python3-prometheus-client': {
    names: ['python3'],
    debianPackage: 'python3-prometheus-client',
    module: '/usr/lib/python3/dist-packages/prometheus_client',
  },
  unshare: { names: ['unshare'], debianPackage: 'util-linux' },
} as const;

export type Program = keyof typeof programs;

/** `installed`: found on PATH. `newer`: fetched by `.ci/newer-servers`. */
export type Version = 'installed' | 'newer';

type Paths<P extends Program> = Readonly<Record<P, string>>;

type Implementation<P extends Program> = (t: ExecutionContext, paths: Paths<P>) => Promise<void> | void;

const newerServers = process.env.NEWER_SERVERS ?? fromRoot('.cache/newer-servers');

/** A PATH that starts with this version, for a program that starts others. */
export function searchPath(version: Version): string {
  const path = process.env.PATH ?? '';
  return version === 'newer' ? `${newerServers}${delimiter}${path}` : path;
}

/** Declares a test that needs real programs, and gets their paths. */
export function testWith<P extends Program>(
  needed: readonly P[],
  title: string,
  implementation: Implementation<P>,
  version: Version = 'installed',
): void {
  const found = needed.map((program) => [program, pathOf(program, version)] as const);
  const missing = found.filter(([, path]) => path === undefined).map(([program]) => program);
  if (missing.length === 0) {
    test(title, (t) => implementation(t, Object.fromEntries(found) as Paths<P>));
    return;
  }
  const wanted = `missing: ${missing.map((program) => `${program} (${sourceOf(program, version)})`).join(', ')}`;
  if (process.env.CI === 'true') test(title, (t) => t.fail(wanted));
  else skip(`${title} [${wanted}]`, (t) => t.fail());
}

/** Declares a test twice: with the installed servers, and with the newer ones. */
export function testWithBoth<P extends Program>(
  needed: readonly P[],
  title: string,
  implementation: (t: ExecutionContext, paths: Paths<P>, version: Version) => Promise<void> | void,
): void {
  for (const version of ['installed', 'newer'] as const) {
    testWith(
      needed,
      `${title} (${version} ${needed.join(', ')})`,
      (t, paths) => implementation(t, paths, version),
      version,
    );
  }
}

const { skip } = test;

function pathOf(program: Program, version: Version): string | undefined {
  const folders = version === 'newer' ? newerServers : undefined;
  const { names, ...others } = programs[program];
  if ('module' in others && !existsSync(others.module)) return undefined;
  return names.map((name) => findOnPath(name, folders)).find((path) => path !== undefined);
}

function sourceOf(program: Program, version: Version): string {
  return version === 'newer'
    ? 'run .ci/newer-servers'
    : `not on PATH; Debian's package ${programs[program].debianPackage}`;
}
