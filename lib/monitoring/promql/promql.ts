/** Parses PromQL with the grammar and the type checker of Prometheus' editor, without a Prometheus. */
import { type Load, optionalModule } from '../optional-package.js';

/** A node of a syntax tree. */
export interface PromqlNode {
  readonly name: string;
  readonly text: string;
  readonly from: number;
  readonly to: number;
  readonly children: readonly PromqlNode[];
  readonly type: NodeType;
}

interface NodeType {
  readonly isError: boolean;
  /** Whether it is of a name or a group of the grammar: `Expr` for instance. */
  is(kind: string): boolean;
}

export function childOf({ children }: PromqlNode, kind: string): PromqlNode | undefined {
  return children.find(({ type }) => type.is(kind));
}

export interface ParsedPromql {
  /** `undefined` for text that is not an expression. */
  readonly root: PromqlNode | undefined;
  /** Messages about what Prometheus would refuse. */
  readonly problems: readonly string[];
}

export type PromqlParser = (text: string) => ParsedPromql;

/** Lezer's, as far as it is used. */
interface TreeNode {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly type: NodeType;
  readonly firstChild: TreeNode | null;
  readonly nextSibling: TreeNode | null;
}

interface Tree {
  readonly topNode: TreeNode;
  iterate(spec: { enter(node: TreeNode): void }): void;
}

interface TypeChecker {
  tree: Tree;
  analyze(): void;
  getDiagnostics(): readonly { readonly message: string; readonly from: number; readonly to: number }[];
}

/** Bundles of one process have most expressions in common. Cleared beyond this size, so that memory is bounded. */
const maxParsed = 10_000;
const parsed = new Map<string, ParsedPromql>();
let loaded: PromqlParser | undefined;

/**
 * Parses each expression once per process.
 * @param load how packages are loaded, for tests; with it, nothing is cached
 * @throws ERR_METRICS_MISSING_PACKAGE
 */
export function promqlParser(load?: Load): PromqlParser {
  if (load !== undefined) return newParser(load);
  loaded ??= newParser();
  const parse = loaded;
  return (text) => {
    const known = parsed.get(text);
    if (known !== undefined) return known;
    const result = parse(text);
    if (parsed.size >= maxParsed) parsed.clear();
    parsed.set(text, result);
    return result;
  };
}

function newParser(load?: Load): PromqlParser {
  // The ES modules of this package name files without their endings, which Node.js does not resolve.
  const from = '@prometheus-io/codemirror-promql/dist/cjs';
  const { Parser } = optionalModule(`${from}/parser/parser.js`, load) as {
    Parser: new (state: unknown) => TypeChecker;
  };
  const { promQLLanguage } = optionalModule(`${from}/promql.js`, load) as {
    promQLLanguage: (top: string) => { readonly parser: { parse(text: string): Tree } };
  };
  const { EditorState } = optionalModule('@codemirror/state', load) as {
    EditorState: { create(config: { doc: string }): unknown };
  };
  const { parser } = promQLLanguage('PromQL');
  return (text) => {
    const tree = parser.parse(text);
    const syntax = syntaxProblem(tree, text);
    if (syntax !== undefined) return { root: undefined, problems: [syntax] };
    const checker = new Parser(EditorState.create({ doc: text }));
    // An editor parses in slices of 20 ms, and its tree may end early; this one is complete.
    checker.tree = tree;
    checker.analyze();
    const { firstChild } = tree.topNode;
    return {
      root: firstChild === null ? undefined : nodeOf(firstChild, text),
      problems: checker.getDiagnostics().map(({ message, from: start, to }) => {
        const part = text.slice(start, to);
        return part === text ? message : `${message}, in \`${part}\``;
      }),
    };
  };
}

function nodeOf(node: TreeNode, source: string): PromqlNode {
  const { name, from, to, type } = node;
  const children: PromqlNode[] = [];
  for (let next = node.firstChild; next !== null; next = next.nextSibling)
    if (next.name !== 'LineComment') children.push(nodeOf(next, source));
  return { name, from, to, type, children, text: source.slice(from, to) };
}

/** The first syntax error: the others follow from it. */
function syntaxProblem(tree: Tree, text: string): string | undefined {
  if (tree.topNode.firstChild === null) return 'expected an expression, received nothing';
  let problem: string | undefined;
  tree.iterate({
    enter({ type, from, to }) {
      if (!type.isError || problem !== undefined) return;
      const rest = text.slice(Math.min(from, to)).trim();
      problem =
        rest === ''
          ? 'syntax error at the end: something is not closed or missing'
          : `syntax error at character ${from + 1}, before \`${rest}\``;
    },
  });
  return problem;
}
