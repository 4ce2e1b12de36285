/** The version of this package, of the package.json above: from the sources and from the build. */
function packageVersion(): string {
  for (const path of ['../../package.json', '../../../package.json']) {
    try {
      const { version } = require(path) as { version?: string };
      // That of the build says only what its modules are.
      if (version !== undefined) return version;
    } catch {
      // One folder further up, then.
    }
  }
  return 'unknown';
}

export = { packageVersion };
