/** What to write for subjects that the service does not have yet. */
import type { Hint } from '../../../../lib/history/panel.js';

export function Hints({ hints, isOpen }: { readonly hints: readonly Hint[]; readonly isOpen: boolean }) {
  if (hints.length === 0) return null;
  return (
    <details class="more hints" open={isOpen}>
      <summary>{isOpen ? 'Nothing is recorded yet. Start here' : 'Not recorded yet'}</summary>
      <ul class="tiles hint-list">
        {hints.map(({ id, title, text, code }) => (
          <li key={id} class="card hint">
            <h3>{title}</h3>
            <p class="muted">{text}</p>
            <pre class="sample">
              <code>{code}</code>
            </pre>
          </li>
        ))}
      </ul>
    </details>
  );
}
