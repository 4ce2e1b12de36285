/**
 * The real programs that tests drive: Debian's packages, found on PATH. Where one is missing, the test is reported as
 * skipped by name; with `CI=true` that is a failure.
 */
import test, { type ExecutionContext } from 'ava';
import { findOnPath } from './find-on-path.js';

/** Program -> its names on Debian, and the package that brings it. */
const programs = {
  prometheus: { names: ['prometheus'], debianPackage: 'prometheus' },
  promtool: { names: ['promtool'], debianPackage: 'prometheus' },
  alertmanager: {
    names: ['prometheus-alertmanager', 'alertmanager'],
    debianPackage: 'prometheus-alertmanager',
  },
  amtool: { names: ['amtool'], debianPackage: 'prometheus-alertmanager' },
  pushgateway: { names: ['prometheus-pushgateway', 'pushgateway'], debianPackage: 'prometheus-pushgateway' },
  chromium: { names: ['chromium'], debianPackage: 'chromium' },
  unshare: { names: ['unshare'], debianPackage: 'util-linux' },
} as const;

export type Program = keyof typeof programs;

type Paths<P extends Program> = Readonly<Record<P, string>>;

/** Declares a test that needs real programs; it is given their paths. */
export function testWith<P extends Program>(
  needed: readonly P[],
  title: string,
  implementation: (t: ExecutionContext, paths: Paths<P>) => Promise<void> | void,
): void {
  const missing = needed.filter((program) => pathOf(program) === undefined);
  if (missing.length === 0) {
    const paths = Object.fromEntries(needed.map((program) => [program, pathOf(program)])) as Paths<P>;
    test(title, (t) => implementation(t, paths));
    return;
  }
  const wanted = missing
    .map((program) => `${program} (Debian's package ${programs[program].debianPackage})`)
    .join(', ');
  if (process.env.CI === 'true') test(title, (t) => t.fail(`not on PATH: ${wanted}`));
  else skip(`${title} [not on PATH: ${wanted}]`, (t) => t.fail());
}

const { skip } = test;

function pathOf(program: Program): string | undefined {
  return programs[program].names.map(findOnPath).find((path) => path !== undefined);
}
