/** Writes the files of a bundle into a folder. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { BundleFile } from '../../lib/monitoring/model.js';

export async function writeFiles(folder: string, files: readonly BundleFile[]): Promise<void> {
  for (const { path, content } of files) {
    const whole = join(folder, path);
    await mkdir(dirname(whole), { recursive: true });
    await writeFile(whole, content);
  }
}
