/** Every metric of a target, one at a time. */
import { useEffect } from 'preact/hooks';
import type { HelloEvent } from '../../../../lib/history/feed.js';
import { follow } from '../feed/connection.js';
import { want } from '../feed/histories.js';
import { changeView, openMetric, shownTarget } from '../page-state.js';
import type { View } from '../view.js';
import { MetricList } from './metric-list.js';
import { MetricView } from './metric-view.js';

/** Samples for charts as wide as the page. */
const historyPoints = 600;

export function Explorer({ feed, view }: { readonly feed: HelloEvent; readonly view: View }) {
  const target = shownTarget(view, feed);
  const metrics = target?.metrics ?? [];
  const meta = metrics.find(({ name }) => name === view.metric);
  const [id, name] = [target?.id, meta?.name];
  useEffect(() => {
    follow(name);
    want(id === undefined || name === undefined ? [] : [{ target: id, metric: name, points: historyPoints }]);
    return () => follow(undefined);
  }, [id, name]);
  return (
    <div class="explorer" data-has-metric={view.metric !== undefined}>
      <div class="explorer-side">
        {feed.targets.length > 1 && (
          <label class="target-choice">
            <span class="hidden-text">Target</span>
            <select
              class="field"
              value={id}
              onChange={({ currentTarget }) => changeView({ target: currentTarget.value })}
            >
              {feed.targets.map((each) => (
                <option key={each.id} value={each.id}>
                  {each.name}
                </option>
              ))}
            </select>
          </label>
        )}
        <MetricList
          metrics={metrics}
          selected={view.metric}
          search={view.search}
          onSearch={(search) => changeView({ search })}
          onSelect={(metric) => openMetric(metric, view.target)}
        />
      </div>
      <div class="explorer-main">
        {target !== undefined && meta !== undefined ? (
          <MetricView key={`${id} ${name}`} target={target} meta={meta} view={view} />
        ) : (
          <Choose metric={view.metric} isEmpty={metrics.length === 0} />
        )}
      </div>
    </div>
  );
}

function Choose({ metric, isEmpty }: { readonly metric: string | undefined; readonly isEmpty: boolean }) {
  return (
    <div class="card teach">
      <h2>{metric === undefined ? 'Choose a metric' : 'Not recorded yet'}</h2>
      <p class="muted">
        {metric !== undefined
          ? `There is no metric with the name ${metric.slice(0, 200)} here. It appears after its first recording.`
          : isEmpty
            ? 'There is no metric yet. The overview shows how to record the first one.'
            : 'Counters are shown as rates, gauges as levels, histograms as a heatmap with quantiles. Press / to search.'}
      </p>
    </div>
  );
}
