/** The health checks of a target. */
import type { TargetStatus } from '../../../../lib/history/feed.js';
import { clockText, shownText } from '../format.js';
import { Text } from '../shell/text.js';

const tones = { pass: 'good', warn: 'warn', fail: 'bad' } as const;

export function Health({ health }: { readonly health: TargetStatus['health'] }) {
  if (health === undefined || health.checks.length === 0) return null;
  return (
    <section class="section" aria-label="Health checks">
      <h2>
        Health checks
        <span class="badge" data-tone={tones[health.status]}>
          {health.status}
        </span>
      </h2>
      <ul class="card rows columns">
        {health.checks.map(({ name, status, output, seconds, time }) => (
          <li key={name} data-check={name}>
            <span class="badge" data-tone={tones[status]}>
              {status}
            </span>
            <Text value={name} class="grow" />
            {output !== undefined && <Text value={output} class="muted small wrap" />}
            <span class="muted small number" title={`Run at ${clockText(time / 1_000)}`}>
              {shownText(seconds, 'seconds')}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
