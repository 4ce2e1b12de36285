/** Loads `tdigest` at its first use, at once: a CommonJS file, so that bundlers see what is required. */
import type tdigest = require('tdigest');

function loadTdigest(): typeof tdigest {
  return require('tdigest');
}

export = { loadTdigest };
