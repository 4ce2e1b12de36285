/** Filters and groups of the explorer. */
import type { MetricMeta } from '../../../../lib/history/feed.js';
import type { MetricSamples } from '../feed/metric-samples.js';
import { changeView } from '../page-state.js';
import type { View } from '../view.js';
import { groupedBy } from './formulas.js';

interface ControlsProps {
  readonly meta: MetricMeta;
  readonly view: View;
  readonly samples: MetricSamples | undefined;
}

/** Values in a menu; a longer one is of no use. */
const maxValues = 500;

export function Controls({ meta, view, samples }: ControlsProps) {
  if (meta.labels.length === 0) return null;
  const by = groupedBy(meta, view);
  const toggle = (label: string): void =>
    changeView({ by: by.includes(label) ? by.filter((each) => each !== label) : [...by, label] });
  const filter = (label: string, value: string): void => {
    const { [label]: _, ...others } = view.where;
    changeView({ where: value === '' ? others : { ...others, [label]: value } });
  };
  return (
    <div class="explorer-controls">
      <fieldset>
        <legend>Filter</legend>
        {meta.labels.map((label) => (
          <label key={label} class="filter">
            <span class="mono">{label}</span>
            <select
              class="field"
              value={view.where[label] ?? ''}
              onChange={({ currentTarget }) => filter(label, currentTarget.value)}
            >
              <option value="">all</option>
              {valuesOf(samples, label, view.where[label]).map((value) => (
                <option key={value} value={value}>
                  {value.length > 80 ? `${value.slice(0, 80)}…` : value}
                </option>
              ))}
            </select>
          </label>
        ))}
      </fieldset>
      <fieldset>
        <legend>Group by</legend>
        {meta.labels.map((label) => (
          <button
            key={label}
            type="button"
            class="button mono"
            aria-pressed={by.includes(label)}
            onClick={() => toggle(label)}
          >
            {label}
          </button>
        ))}
      </fieldset>
    </div>
  );
}

function valuesOf(samples: MetricSamples | undefined, label: string, selected: string | undefined): string[] {
  const values = new Set(samples?.shape.tracks.flatMap(({ labels }) => labels[label] || []));
  if (selected !== undefined) values.add(selected);
  return [...values].sort().slice(0, maxValues);
}
