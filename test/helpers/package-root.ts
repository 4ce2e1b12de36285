import { fileURLToPath } from 'node:url';

/** The path of a file, given from the root of the package. */
export function fromRoot(path: string): string {
  return fileURLToPath(new URL(`../../${path}`, import.meta.url));
}
