/** Reads the version of this package from package.json. The path differs between the sources and the build. */
function packageVersion(): string {
  for (const path of ['../../package.json', '../../../package.json']) {
    try {
      const { version } = require(path) as { version?: string };
      // The package.json of the build has no version.
      if (version !== undefined) return version;
    } catch {
      // Not in this folder.
    }
  }
  return 'unknown';
}

export = { packageVersion };
