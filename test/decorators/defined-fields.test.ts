/** Whether a class defines a field on its instances, by its source text. */
import { runInNewContext } from 'node:vm';
import test from 'ava';
import { definesField } from '../../decorators/defined-fields.js';

const defined: readonly string[] = [
  'class { size = 3; }',
  'class { size = 3 }',
  'class { size; }',
  'class { size }',
  'class { size\n other = 1 }',
  'class { other = 1; size = 3; }',
  'class { other = 1\n size = 3 }',
  'class { other\n size }',
  'class { method() {} size = 3; }',
  'class { method() { return [1]; }\n size = 3; }',
  'class { "size" = 3; }',
  "class { 'size' = 3; }",
  'class { /* a comment */ size /* another */ = 3; }',
  'class {\n // a comment\n size = 3; }',
  'class Queue extends (class { other = 1 }) { size = 3; }',
  'class { other = { a: [1, (2)] }; size = 3; }',
  `class { other = \`\${1} { \${\`\${2} (\`}\`; size = 3; }`,
  'class { other = /[{(]/; size = 3; }',
  'class { other = "{"; size = 3; }',
  'class { size = 3; method() { return {}; } }',
  'class Queue extends class { other = 1 } { size = 3; }',
  'class { constructor() { Object.defineProperty(this, "size", { value: 3 }); } }',
  "class { constructor() { __publicField(this, 'size', 3); } }",
  'class { constructor() { _define_property(this, "size", 3); } }',
  'function Queue() { _defineProperty(this, "size", 3); }',
];

const notDefined: readonly string[] = [
  'class {}',
  'class { other = 3; }',
  'class { size() {} }',
  'class { size\n() {} }',
  'class { static size = 3; }',
  'class { get size() { return 3; } }',
  'class { async size() {} }',
  'class { #size = 3; }',
  'class { other = size; }',
  'class { other =\n size }',
  'class { other = 1 +\n size\n third = 2 }',
  'class { other = { size: 3 }; }',
  'class { other = [\n size\n ] }',
  'class { method() { size = 3; } }',
  'class { method() { let a;\n size = 3; } }',
  'class { constructor() { this.size = 3; } }',
  'class { other = "size"; }',
  `class { other = \`\${(() => { size = 3; })}\`; }`,
  'class Queue extends (class { size = 3 }) { other = 1; }',
  'class Queue extends class { size = 3 } { other = 1; }',
  'class { constructor() { Object.defineProperty(this, "other", {}); } }',
  'class { constructor() { Object.defineProperty(this, size, {}); } }',
  'class { constructor() { Object.defineProperty(other, "size", {}); } }',
  'class { constructor() { Object.defineProperty(this.other, "size", {}); } }',
  'class { constructor() { Object.defineProperty[this, "size"]; } }',
  'class { constructor() { observe(this, "size", {}); } }',
  'class { constructor() { define(this + "size"); } }',
  'function Queue() { this.size = 3; }',
];

const queue = (source: string): object => runInNewContext(`let size, other; (${source})`) as object;

for (const source of defined)
  test(`defines a field: ${source.replaceAll('\n', '⏎')}`, (t) => {
    t.true(definesField(queue(source), 'size'));
  });

for (const source of notDefined)
  test(`defines no field: ${source.replaceAll('\n', '⏎')}`, (t) => {
    t.false(definesField(queue(source), 'size'));
  });
