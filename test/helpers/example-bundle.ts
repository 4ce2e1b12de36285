/** The bundle of the example service, that is committed: `npm run docs` writes it, `test/examples/monitoring.test.ts` holds it in step. */
import { type BundleReport, bundleReport } from '../../lib/cli/bundle.js';
import { surroundings } from './command.js';
import { fromRoot } from './package-root.js';

/** Paths from the root of the package. */
export const exampleBundle = {
  config: 'examples/monitoring/bundle.config.ts',
  folder: 'examples/monitoring/bundle',
} as const;

/** As the command does, but whatever the environment says. Addresses of receivers that are filled in stay. */
export function writeExampleBundle(): Promise<BundleReport> {
  const { config, folder } = exampleBundle;
  return bundleReport({ config: fromRoot(config), out: fromRoot(folder), force: true }, surroundings);
}
