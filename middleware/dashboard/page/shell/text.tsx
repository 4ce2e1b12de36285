/** Texts of others, such as label values. */

/** Longer texts cost the browser time; the whole text is in the title, up to this length again. */
const [maxText, maxTitle] = [200, 10_000];

/**
 * Shows any text as text, on one line, as wide as there is space. The whole text is its title, and `Copy` of the explorer's table has
 * it as well.
 */
export function Text({ value, class: name = '' }: { readonly value: string; readonly class?: string }) {
  const shown = value.length > maxText ? `${[...value.slice(0, maxText)].join('')}…` : value;
  return (
    <bdi class={`any-text ${name}`} title={value.length > 24 ? value.slice(0, maxTitle) : undefined}>
      {shown}
    </bdi>
  );
}
