/** Loads `tdigest` synchronously at its first use. A CommonJS file, so that bundlers see the `require`. */
import type tdigest = require('tdigest');

function loadTdigest(): typeof tdigest {
  return require('tdigest');
}

export = { loadTdigest };
