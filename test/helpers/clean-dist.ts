/** Empties `dist` before a build, so that nothing of a file that is gone is packed. */
import { rm } from 'node:fs/promises';
import { fromRoot } from './package-root.js';

await rm(fromRoot('dist'), { recursive: true, force: true });
