/** Loads a package synchronously: a CommonJS file, since ES modules have no `require`. */
function loadPackage(specifier: string): unknown {
  return require(specifier);
}

export = { loadPackage };
