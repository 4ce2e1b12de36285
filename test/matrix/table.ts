import { compare } from 'semver';
import { axes, notRun } from './axes.js';
import { type Result, readResults } from './results.js';
import { titleOf } from './rows.js';

/** The tables of the rows that ran, and of the combinations that are not run. */
export function matrixTable(): string {
  const results = readResults();
  const failed = results.filter((result) => result.failed !== undefined);
  return [
    '| | versions | each with |',
    '|---|---|---|',
    ...axes.map(({ name }) =>
      axisRow(
        name,
        results.filter(({ axis }) => axis === name),
      ),
    ),
    '',
    '| project | with |',
    '|---|---|',
    ...projectLines(results),
    ...failed.map((result) => `\n**Fails to ${result.failed}**: ${titleOf(result)}`),
    '',
    '| not run | why |',
    '|---|---|',
    ...notRun.map(({ what, why }) => `| ${what} | ${why} |`),
  ].join('\n');
}

function projectLines(results: readonly Result[]): string[] {
  const own = results.filter(({ axis }) => axis === 'projects');
  return [...new Set(own.map(({ version }) => version))].map((folder) => {
    const variants = own.filter(({ version }) => version === folder).map(({ variant }) => variant);
    return `| ${folder} | ${variants.join('; ')} |`;
  });
}

function axisRow(name: string, results: readonly Result[]): string {
  const versions = versionsOf(name, results);
  const variants = [...new Set(results.map(({ variant }) => variant))].map((variant) => {
    const own = versionsOf(
      name,
      results.filter((result) => result.variant === variant),
    );
    return own.length === versions.length ? variant : `${variant} (${own.join(', ')})`;
  });
  return `| ${name} | ${versions.join(', ')} | ${variants.join('; ')} |`;
}

function versionsOf(name: string, results: readonly Result[]): string[] {
  return [...new Set(results.flatMap(({ ran }) => ran[name] ?? []))].sort(compare);
}
