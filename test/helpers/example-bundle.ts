/** The committed bundles of the examples: `npm run docs` writes them, `test/examples` checks that they are up to date. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BundleReport, bundleReport } from '../../lib/cli/bundle.js';
import { surroundings } from './command.js';
import { fromRoot } from './package-root.js';
import { writeFiles } from './write-files.js';

/** Paths from the root of the package. */
export const exampleBundle = {
  config: 'examples/monitoring/bundle.config.ts',
  folder: 'examples/monitoring/bundle',
} as const;

/** Of this bundle, only the files that people read are committed, and the hashes of all files. */
export const shopBundle = {
  config: 'examples/shop/bundle.config.ts',
  folder: 'examples/shop/bundle',
  isCommitted: (path: string): boolean =>
    /^(\.tamma-bundle\.json|COVERAGE\.md|runbooks\/.*|prometheus\/(prometheus\.yml|rules\/.*)|alertmanager\/alertmanager\.yml|deploy\/docker-compose\.yml)$/.test(
      path,
    ),
} as const;

/** Does what the command does, independently of the environment. Receiver addresses that were filled in are kept. */
export function writeExampleBundle(): Promise<BundleReport> {
  const { config, folder } = exampleBundle;
  return bundleReport({ config: fromRoot(config), out: fromRoot(folder), force: true }, surroundings);
}

/** @returns how many files are committed */
export async function writeShopBundle(): Promise<number> {
  const out = await mkdtemp(join(tmpdir(), 'shop-bundle-'));
  try {
    await bundleReport({ config: fromRoot(shopBundle.config), out }, surroundings);
    const committed = [...(await filesIn(out))].filter(([path]) => shopBundle.isCommitted(path));
    await rm(fromRoot(shopBundle.folder), { recursive: true, force: true });
    await writeFiles(
      fromRoot(shopBundle.folder),
      committed.map(([path, content]) => ({ path, content })),
    );
    return committed.length;
  } finally {
    await rm(out, { recursive: true, force: true });
  }
}

/** Path -> content, without the data of `tamma-metrics up`. */
export async function filesIn(folder: string): Promise<Map<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(folder.length + 1))
    .filter((path) => !path.startsWith('data/'))
    .sort();
  return new Map(
    await Promise.all(files.map(async (path) => [path, await readFile(join(folder, path), 'utf8')] as const)),
  );
}
