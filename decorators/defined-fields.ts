/**
 * Whether a class defines a field on each of its instances (TypeScript's `useDefineForClassFields`, the default for ES2022).
 * Such a field hides the accessor that a legacy decorator puts on the prototype, and no code of the decorator runs for it:
 * only the source text of the class shows it.
 */
import jsTokens, { type Token } from 'js-tokens';

interface PlacedToken {
  readonly type: Token['type'];
  readonly value: string;
  /** The number of open brackets around it. */
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

/** Whether the token declares a member such as `size = 3;` or `size;`. */
function isField(tokens: readonly PlacedToken[], index: number, name: string): boolean {
  const [before, token, after] = [tokens[index - 1], tokens[index], tokens[index + 1]];
  if (token?.depth !== 1 || !isNamed(token, name)) return false;
  const startsMember =
    ['{', ';', '}'].includes(before?.value ?? '') || (token.startsLine && before?.type !== 'Punctuator');
  const isAccessible =
    ['=', ';', '}'].includes(after?.value ?? '') || (after?.startsLine && after.value !== '(');
  return startsMember && isAccessible === true;
}

/** Whether the tokens are `Object.defineProperty(this, "size", …)` or a compiler's equivalent: `__publicField(this, "size", 3)`. */
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
