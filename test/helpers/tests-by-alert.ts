/**
 * Rules that promtool needs for some alerts. promtool evaluates every rule for every test: with only the rules that an alert reads,
 * tests of a bundle take an eighth of the time.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { parse } from 'yaml';
import type { BundleFile } from '../../lib/monitoring/model.js';
import { type ProgramEnd, runProgram } from './run-program.js';
import { temporaryFolder } from './temporary-folder.js';

/** A rule as rule files have it. */
export interface WrittenRule {
  readonly expr: string;
  readonly alert?: string;
  readonly record?: string;
}

export interface WrittenGroup<R = WrittenRule> {
  readonly name: string;
  readonly rules: readonly R[];
}

interface TestFile {
  readonly rule_files: readonly string[];
  readonly tests: readonly { readonly name: string }[];
}

/** The groups with these alerts, and the records that they read, directly or not. */
export function groupsFor<R extends WrittenRule>(
  groups: readonly WrittenGroup<R>[],
  alerts: readonly string[],
): WrittenGroup<R>[] {
  const rules = groups.flatMap((group) => group.rules);
  const wanted = new Set(rules.filter(({ alert }) => alert !== undefined && alerts.includes(alert)));
  // Iterating over a set includes elements that are added meanwhile.
  for (const { expr } of wanted)
    for (const rule of rules) if (rule.record !== undefined && expr.includes(rule.record)) wanted.add(rule);
  return groups
    .map((group) => ({ ...group, rules: group.rules.filter((rule) => wanted.has(rule)) }))
    .filter(({ rules: kept }) => kept.length > 0);
}

/**
 * Runs the tests of one test file of a bundle, which are named after their alerts: those of each alert with only the rules that it
 * reads.
 * @returns the end of promtool, and the names of the tests by alert
 */
export async function runTestsByAlert(
  t: ExecutionContext,
  promtool: string,
  files: readonly BundleFile[],
  path: string,
): Promise<ProgramEnd & { readonly names: ReadonlyMap<string, readonly string[]> }> {
  const contentOf = (wanted: string): unknown =>
    parse(files.find((file) => file.path === wanted)?.content ?? '');
  const { rule_files, tests, ...file } = contentOf(path) as TestFile;
  const groups = rule_files.flatMap(
    (name) => (contentOf(join('prometheus/tests', name)) as { groups: WrittenGroup[] }).groups,
  );
  const folder = await temporaryFolder(t);
  const names = new Map<string, string[]>();
  for (const { name } of tests) {
    const alert = name.split(' ')[0] ?? '';
    names.set(alert, [...(names.get(alert) ?? []), name]);
  }
  for (const [alert, own] of names) {
    const kept = groupsFor(groups, [alert]);
    await writeFile(join(folder, `${alert}.rules.yml`), JSON.stringify({ groups: kept }));
    const test = {
      ...file,
      rule_files: [`${alert}.rules.yml`],
      group_eval_order: kept.map(({ name }) => name),
      tests: tests.filter(({ name }) => own.includes(name)),
    };
    await writeFile(join(folder, `${alert}.test.yml`), JSON.stringify(test));
  }
  const paths = [...names.keys()].map((alert) => `${alert}.test.yml`);
  const end = await runProgram(promtool, ['test', 'rules', ...paths], { cwd: folder });
  return { ...end, names };
}
