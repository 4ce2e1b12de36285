/** PromQL as Prometheus' own grammar reads it, without a Prometheus: syntax and types. */
import { type Load, optionalModule } from '../optional-package.js';

/** A node of a syntax tree, as far as it is read. */
export interface PromqlNode {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly type: { readonly isError: boolean };
  readonly firstChild: PromqlNode | null;
  readonly lastChild: PromqlNode | null;
  readonly nextSibling: PromqlNode | null;
  /** The first child of a name or a group, `Expr` for instance. */
  getChild(name: string): PromqlNode | null;
  getChildren(name: string): PromqlNode[];
}

export interface ParsedPromql {
  readonly text: string;
  /** The expression itself; `undefined` where there is none. */
  readonly root: PromqlNode | undefined;
  /** What Prometheus would refuse, in words. */
  readonly problems: readonly string[];
}

/** Reads an expression; throws for none. */
export type PromqlParser = (text: string) => ParsedPromql;

interface Tree {
  readonly topNode: PromqlNode;
  iterate(spec: { enter(node: PromqlNode): void }): void;
}

interface TypeChecker {
  /** What it checks. */
  tree: Tree;
  analyze(): void;
  getDiagnostics(): readonly { readonly message: string; readonly from: number; readonly to: number }[];
}

/**
 * @param load for tests: where the packages are looked for
 * @throws ERR_METRICS_MISSING_PACKAGE
 */
export function promqlParser(load?: Load): PromqlParser {
  // The CommonJS build: the other one names its files without endings, which Node does not take.
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
    const syntax = syntaxProblems(tree, text);
    if (syntax.length > 0) return { text, root: undefined, problems: syntax };
    // It takes the tree of an editor, which is read in pieces of 20 ms; ours is whole.
    const checker = new Parser(EditorState.create({ doc: text }));
    checker.tree = tree;
    checker.analyze();
    return {
      text,
      root: tree.topNode.firstChild ?? undefined,
      problems: checker.getDiagnostics().map(({ message, from: start, to }) => {
        const part = text.slice(start, to);
        return part === text ? message : `${message}, in \`${part}\``;
      }),
    };
  };
}

/** What the grammar does not take: its tree has it as nodes of errors, and no checker tells them all. */
function syntaxProblems(tree: Tree, text: string): string[] {
  if (tree.topNode.firstChild === null) return ['expected an expression, received nothing'];
  const problems: string[] = [];
  tree.iterate({
    enter({ type, from, to }) {
      // One is enough: the others follow from it.
      if (!type.isError || problems.length > 0) return;
      const rest = text.slice(Math.min(from, to)).trim();
      problems.push(
        rest === ''
          ? 'syntax error at the end: something is not closed or missing'
          : `syntax error at character ${from + 1}, before \`${rest}\``,
      );
    },
  });
  return problems;
}
