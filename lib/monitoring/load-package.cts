/** Loads a package by its name, at once: a CommonJS file, since ES modules have no `require`. */
function loadPackage(specifier: string): unknown {
  return require(specifier);
}

export = { loadPackage };
