import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The path of an executable program, searched in folders (default: those of PATH); `undefined` if it is in none. */
export function findOnPath(name: string, folders = process.env.PATH ?? ''): string | undefined {
  for (const folder of folders.split(delimiter)) {
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not in this folder.
    }
  }
  return undefined;
}
