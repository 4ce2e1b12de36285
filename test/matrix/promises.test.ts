/** The supported versions are exactly the versions that the matrix ran. */
import { readFileSync } from 'node:fs';
import test from 'ava';
import { compare, intersects, major, minVersion, Range, satisfies } from 'semver';
import { fromRoot } from '../helpers/package-root.js';
import { readResults } from './results.js';
import { rows, titleOf } from './rows.js';

const results = readResults();
const manifest = JSON.parse(readFileSync(fromRoot('package.json'), 'utf8')) as {
  engines: Record<string, string>;
  peerDependencies: Record<string, string>;
};
const readme = readFileSync(fromRoot('README.md'), 'utf8');

/** The versions of a package, or of Node, that passed, in ascending order. */
function passed(name: string): string[] {
  const versions = results.flatMap(({ ran, failed }) => (failed === undefined ? (ran[name] ?? []) : []));
  return [...new Set(versions)].sort(compare);
}

test('there is a passed result for every row of the matrix, and no other result', (t) => {
  t.deepEqual(
    results.map(({ ran: _ran, failed: _failed, ...row }) => row),
    JSON.parse(JSON.stringify(rows)),
    'run `npm run test:matrix`',
  );
  t.deepEqual(
    results.flatMap((result) => (result.failed === undefined ? [] : [titleOf(result)])),
    [],
  );
});

for (const [name, range] of Object.entries({ ...manifest.engines, ...manifest.peerDependencies })) {
  test(`package.json supports ${name} ${range}: the matrix ran its lowest versions and every major, and no others`, (t) => {
    const versions = passed(name);
    for (const version of versions) t.true(satisfies(version, range), `${version} was run`);
    for (const part of new Range(range).set) {
      const lowest = minVersion(part.join(' '))?.version ?? '';
      t.true(versions.includes(lowest), `${lowest} was not run`);
    }
    for (const promised of majorsOf(name, range, versions))
      t.true(
        versions.some((version) => major(version) === promised),
        `${promised} was not run`,
      );
  });
}

/** The majors of a range. For Node, whose range is open, those with long-term support up to the newest that was run. */
function majorsOf(name: string, range: string, versions: readonly string[]): number[] {
  const newest = Math.max(...versions.map((version) => major(version)));
  const last = name === 'node' ? newest : 100;
  return Array.from({ length: last + 1 }, (_, index) => index).filter(
    (each) => intersects(range, `${each}.x`) && (name !== 'node' || each % 2 === 0),
  );
}

/** Axis -> its name in README. */
const namesInReadme = {
  Node: 'node',
  TypeScript: 'typescript',
  'prom-client': 'prom-client',
  '@prometheus-io/client': '@prometheus-io/client',
  Koa: 'koa',
  '@koa/router': '@koa/router',
  'koa-router': 'koa-router',
};

for (const [shown, name] of Object.entries(namesInReadme)) {
  test(`README names the lowest and the highest ${shown} that the matrix ran, and no other`, (t) => {
    const versions = passed(name);
    const isNamed = (version: string | undefined, by: string): boolean => `${version}.`.startsWith(`${by}.`);
    const mentions = [...readme.matchAll(mentionOf(shown))].map(([, from = '', link, to, open]) => ({
      from,
      link,
      to,
      isOpen: open !== undefined,
    }));
    for (const { from, link, to = from } of mentions) {
      for (const each of [from, to])
        t.true(
          versions.some((version) => isNamed(version, each)),
          `${shown} ${each} was not run`,
        );
      if (link !== 'to') continue;
      for (let between = Number.parseInt(from, 10); between <= Number.parseInt(to, 10); between++)
        t.true(
          versions.some((version) => major(version) === between),
          `${shown} ${between} was not run`,
        );
    }
    const named = (version: string | undefined): boolean =>
      mentions.some(({ from, to = from }) => isNamed(version, from) || isNamed(version, to));
    t.true(named(versions.at(0)), `${shown} ${versions.at(0)} was run`);
    t.true(
      named(versions.at(-1)) || mentions.some(({ isOpen }) => isOpen),
      `${shown} ${versions.at(-1)} was run`,
    );
  });
}

/** `Koa 2`, `Koa 2 and 3`, `Koa 2 to 3`, `Koa 2 or newer`. */
function mentionOf(shown: string): RegExp {
  const version = '(\\d+(?:\\.\\d+)*)';
  return new RegExp(`(?<![\\w/@-])${shown} ${version}(?: (to|and) ${version}| (or newer))?`, 'g');
}
