/** Checks the rules of the bundle with the real promtool, and runs them over example series. */
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { constants, setPriority } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { stringify } from 'yaml';
import { isAlert, type RuleGroup } from '../../lib/monitoring/model.js';
import { duration } from '../../lib/monitoring/promql/expression.js';
import { temporaryFolder } from './temporary-folder.js';

/** One entry under `tests:`. `expect` maps queries to the samples that they return, or to an empty list. */
export interface RuleTest {
  readonly name: string;
  /** Seconds between two values of a series. */
  readonly intervalSeconds: number;
  readonly series: Readonly<Record<string, string>>;
  readonly expect: readonly {
    readonly query: string;
    readonly atMinutes: number;
    /** Labels as PromQL writes them -> value. */
    readonly samples: Readonly<Record<string, number>>;
  }[];
}

export interface PromtoolResult {
  readonly passed: boolean;
  readonly output: string;
}

/** `promtool check rules` with every lint fatal. */
export async function checkRules(
  t: ExecutionContext,
  promtool: string,
  groups: readonly RuleGroup[],
): Promise<PromtoolResult> {
  const file = join(await temporaryFolder(t), 'rules.yml');
  await writeFile(file, rulesText(groups));
  return run(promtool, ['check', 'rules', '--lint=all', '--lint-fatal', file]);
}

/** `promtool test rules`, with the rules evaluated every minute unless said otherwise. */
export async function runRuleTests(
  t: ExecutionContext,
  promtool: string,
  groups: readonly RuleGroup[],
  tests: readonly RuleTest[],
  evaluationSeconds = 60,
): Promise<PromtoolResult> {
  const folder = await temporaryFolder(t);
  await writeFile(join(folder, 'rules.yml'), rulesText(groups));
  const file = join(folder, 'rules.test.yml');
  await writeFile(file, testsText(tests, evaluationSeconds));
  return run(promtool, ['test', 'rules', file]);
}

function rulesText(groups: readonly RuleGroup[]): string {
  return stringify({
    groups: groups.map(({ name, intervalSeconds, rules }) => ({
      name,
      ...(intervalSeconds === undefined ? {} : { interval: duration(intervalSeconds) }),
      rules: rules.map((rule) =>
        isAlert(rule)
          ? {
              alert: rule.name,
              expr: rule.expression,
              for: duration(rule.forSeconds),
              labels: { severity: rule.severity, subject: rule.subject, ...rule.labels },
              annotations: { summary: rule.summary, description: rule.description },
            }
          : { record: rule.record, expr: rule.expression, labels: { ...rule.labels } },
      ),
    })),
  });
}

function testsText(tests: readonly RuleTest[], evaluationSeconds: number): string {
  return stringify({
    rule_files: ['rules.yml'],
    evaluation_interval: duration(evaluationSeconds),
    tests: tests.map(({ name, intervalSeconds, series, expect }) => ({
      name,
      interval: duration(intervalSeconds),
      input_series: Object.entries(series).map(([one, values]) => ({ series: one, values })),
      promql_expr_test: expect.map(({ query, atMinutes, samples }) => ({
        expr: query,
        eval_time: duration(atMinutes * 60),
        exp_samples: Object.entries(samples).map(([labels, value]) => ({ labels, value })),
      })),
    })),
  });
}

/** At a low priority, because the browsers and servers of other tests are waited for. */
function run(program: string, args: readonly string[]): Promise<PromtoolResult> {
  return new Promise((resolve) => {
    const child = execFile(program, args, (error, stdout, stderr) => {
      resolve({ passed: error === null, output: `${stdout}${stderr}` });
    });
    if (child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_BELOW_NORMAL);
  });
}
