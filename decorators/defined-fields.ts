/**
 * Whether a class defines a field on each of its instances (TypeScript's `useDefineForClassFields`, the default for ES2022).
 * Such a field hides what a legacy decorator puts on the prototype, and no code of the decorator ever runs for it: the
 * source of the class is all that shows it.
 */
import jsTokens, { type Token } from 'js-tokens';

interface PlacedToken {
  readonly type: Token['type'];
  readonly value: string;
  /** How many brackets are open around it. */
  readonly depth: number;
  readonly startsLine: boolean;
}

export function definesField(target: object, name: string): boolean {
  const tokens = tokensOf(Function.prototype.toString.call(target));
  const body = tokens.findLastIndex(({ value, depth }) => value === '{' && depth === 0);
  return tokens.some(
    (_, index) => (index > body && isField(tokens, index, name)) || isDefineCall(tokens, index, name),
  );
}

/** `size = 3;` or `size;` among the members of the class. */
function isField(tokens: readonly PlacedToken[], index: number, name: string): boolean {
  const [before, token, after] = [tokens[index - 1], tokens[index], tokens[index + 1]];
  if (token?.depth !== 1 || !isNamed(token, name)) return false;
  const startsMember =
    ['{', ';', '}'].includes(before?.value ?? '') || (token.startsLine && before?.type !== 'Punctuator');
  const isAccessible =
    ['=', ';', '}'].includes(after?.value ?? '') || (after?.startsLine && after.value !== '(');
  return startsMember && isAccessible === true;
}

/** `Object.defineProperty(this, "size", …)` or a compiler's own: `__publicField(this, "size", 3)`. */
function isDefineCall(tokens: readonly PlacedToken[], index: number, name: string): boolean {
  const [callee, open, self, comma, field] = tokens.slice(index, index + 5);
  return (
    /define|field/i.test(callee?.value ?? '') &&
    open?.value === '(' &&
    self?.value === 'this' &&
    comma?.value === ',' &&
    field?.type === 'StringLiteral' &&
    isNamed(field, name)
  );
}

function isNamed({ value }: PlacedToken, name: string): boolean {
  return value === name || value === `"${name}"` || value === `'${name}'`;
}

function tokensOf(source: string): PlacedToken[] {
  const tokens: PlacedToken[] = [];
  let depth = 0;
  let startsLine = true;
  for (const { type, value } of jsTokens(source)) {
    if (type === 'LineTerminatorSequence') startsLine = true;
    if (['LineTerminatorSequence', 'WhiteSpace', 'SingleLineComment', 'MultiLineComment'].includes(type))
      continue;
    if (type === 'TemplateTail' || (type === 'Punctuator' && /^[)\]}]$/.test(value))) depth -= 1;
    tokens.push({ type, value, depth, startsLine });
    if (type === 'TemplateHead' || (type === 'Punctuator' && /^[([{]$/.test(value))) depth += 1;
    startsLine = false;
  }
  return tokens;
}
