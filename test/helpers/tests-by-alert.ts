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
 * Runs test files of a bundle, whose tests are named after their alerts: those of each alert with only the rules that it reads.
 * @returns the end of promtool, and the names of the tests by alert
 */
export async function runTestsByAlert(
  t: ExecutionContext,
  promtool: string,
  files: readonly BundleFile[],
  paths: readonly string[],
): Promise<ProgramEnd & { readonly names: ReadonlyMap<string, readonly string[]> }> {
  const contentOf = (wanted: string): unknown =>
    parse(files.find(({ path }) => path === wanted)?.content ?? '');
  const folder = await temporaryFolder(t);
  const names = new Map<string, string[]>();
  const written: string[] = [];
  const write = async (name: string, content: object): Promise<void> =>
    writeFile(join(folder, name), JSON.stringify(content));
  for (const path of paths) {
    const { rule_files, tests, ...file } = contentOf(path) as TestFile;
    const groups = rule_files.flatMap(
      (name) => (contentOf(join('prometheus/tests', name)) as { groups: WrittenGroup[] }).groups,
    );
    for (const alert of new Set(tests.map(alertOf))) {
      const own = tests.filter((each) => alertOf(each) === alert);
      names.set(alert, [...(names.get(alert) ?? []), ...own.map(({ name }) => name)]);
      const kept = groupsFor(groups, [alert]);
      const id = `${written.length}-${alert}`;
      await write(`${id}.rules.yml`, { groups: kept });
      await write(`${id}.test.yml`, {
        ...file,
        rule_files: [`${id}.rules.yml`],
        group_eval_order: kept.map(({ name }) => name),
        tests: own,
      });
      written.push(`${id}.test.yml`);
    }
  }
  return { ...(await runProgram(promtool, ['test', 'rules', ...written], { cwd: folder })), names };
}

/** `AiErrors stays quiet` -> `AiErrors`. */
function alertOf({ name }: { readonly name: string }): string {
  return name.split(' ')[0] ?? '';
}
