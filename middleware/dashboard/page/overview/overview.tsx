/** Every subject of every target, in tiles. */
import { useEffect } from 'preact/hooks';
import type { HelloEvent, TargetFeed } from '../../../../lib/history/feed.js';
import { connection, statuses } from '../feed/connection.js';
import { want } from '../feed/histories.js';
import { Text } from '../shell/text.js';
import { useStore } from '../store.js';
import { Alerts } from './alerts.js';
import { Health } from './health.js';
import { Hints } from './hints.js';
import { Tile } from './tile.js';

/** Samples for charts of tiles; more than they draw, since lines are interpolated. */
const historyPoints = 240;

export function Overview({ feed }: { readonly feed: HelloEvent }) {
  useEffect(() => {
    want(
      feed.targets.flatMap(({ id: target, sections }) => {
        const metrics = sections.flatMap(({ panels }) => panels.flatMap(({ metrics: all }) => all));
        return [...new Set(metrics)].map((metric) => ({ target, metric, points: historyPoints }));
      }),
    );
  }, [feed]);
  return (
    <div class="targets" data-count={feed.targets.length}>
      {feed.targets.map((target) => (
        <Target key={target.id} target={target} isAlone={feed.targets.length === 1} />
      ))}
    </div>
  );
}

function Target({ target, isAlone }: { readonly target: TargetFeed; readonly isAlone: boolean }) {
  const status = useStore(statuses).get(target.id) ?? target.status;
  const isLost = useStore(connection).state === 'lost';
  const { sections, hints } = target;
  return (
    <div class="target" data-target={target.id}>
      {!isAlone && (
        <h2 class="target-name">
          <Text value={target.name} />
          <span class="badge" data-tone={status.isUp ? 'good' : 'bad'}>
            {status.isUp ? 'up' : 'down'}
          </span>
        </h2>
      )}
      {!status.isUp && status.error !== undefined && !isLost && (
        <p class="notice" data-tone="bad" role="alert">
          <Text value={status.error} class="wrap" />
        </p>
      )}
      <Alerts status={status} />
      {sections.map(({ id, title, panels }) => (
        <section key={id} class="section" data-section={id} aria-label={title}>
          <h2>{title}</h2>
          <div class="tiles">
            {panels.map((panel) => (
              <Tile
                key={panel.id}
                target={target}
                panel={panel}
                alert={status.alerts.find(
                  ({ panel: shown, state }) =>
                    shown === panel.id && (state === 'firing' || state === 'pending'),
                )}
              />
            ))}
          </div>
        </section>
      ))}
      <Health health={status.health} />
      <Hints hints={hints} isOpen={sections.length === 0} />
    </div>
  );
}
