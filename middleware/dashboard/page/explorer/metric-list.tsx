/** The list of all metrics. Only the rows in sight are elements, since an endpoint can have thousands. */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { MetricMeta } from '../../../../lib/history/feed.js';
import { searched } from './search.js';

interface MetricListProps {
  readonly metrics: readonly MetricMeta[];
  readonly selected: string | undefined;
  readonly search: string;
  readonly onSearch: (search: string) => void;
  readonly onSelect: (metric: string) => void;
}

/** In pixels; also in the style sheet. */
const rowHeight = 40;
const extraRows = 6;

export function MetricList({ metrics, selected, search, onSearch, onSelect }: MetricListProps) {
  const found = useMemo(() => searched(metrics, search), [metrics, search]);
  const list = useRef<HTMLDivElement>(null);
  const [scroll, setScroll] = useState({ top: 0, height: 800 });
  useEffect(() => {
    const element = list.current;
    if (element === null) return;
    const measure = (): void => setScroll({ top: element.scrollTop, height: element.clientHeight });
    measure();
    const sizes = new ResizeObserver(measure);
    sizes.observe(element);
    element.addEventListener('scroll', measure, { passive: true });
    return () => {
      sizes.disconnect();
      element.removeEventListener('scroll', measure);
    };
  }, []);
  const at = found.findIndex(({ name }) => name === selected);
  useEffect(() => {
    const element = list.current;
    if (element === null || at === -1) return;
    const top = at * rowHeight;
    if (top < element.scrollTop) element.scrollTop = top;
    if (top + rowHeight > element.scrollTop + element.clientHeight)
      element.scrollTop = top + rowHeight - element.clientHeight;
  }, [at]);
  const move = (event: KeyboardEvent): void => {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (step === 0) return;
    event.preventDefault();
    const next = found[Math.min(found.length - 1, Math.max(0, at + step))];
    if (next !== undefined) onSelect(next.name);
  };
  const first = Math.max(0, Math.floor(scroll.top / rowHeight) - extraRows);
  const rows = found.slice(first, Math.ceil((scroll.top + scroll.height) / rowHeight) + extraRows);
  return (
    <div class="metric-list">
      <label class="search">
        <span class="hidden-text">Search metrics</span>
        <input
          type="search"
          class="field"
          placeholder="Search name, help, label, method"
          value={search}
          onInput={({ currentTarget }) => onSearch(currentTarget.value)}
          onKeyDown={(event) => {
            move(event);
            const [best] = found;
            if (event.key === 'Enter' && best !== undefined) onSelect(best.name);
          }}
          data-search
        />
      </label>
      <p class="muted small count" aria-live="polite">
        {found.length === metrics.length
          ? `${metrics.length} metrics`
          : `${found.length} of ${metrics.length} metrics`}
      </p>
      <div
        ref={list}
        class="card scroll"
        role="listbox"
        aria-label="Metrics"
        tabIndex={0}
        aria-activedescendant={at === -1 ? undefined : `metric-${at}`}
        onKeyDown={move}
        onClick={({ target }) => {
          const name = target instanceof Element && target.closest<HTMLElement>('[data-name]')?.dataset.name;
          if (name) onSelect(name);
        }}
      >
        {found.length === 0 && (
          <p class="muted nothing">
            No metric has these words. Search for a part of a name, for example “duration”.
          </p>
        )}
        <div class="rows-before" ref={(element) => setHeight(element, first * rowHeight)} />
        {rows.map(({ name, type, series }, index) => (
          <div
            key={name}
            id={`metric-${first + index}`}
            class="metric-row"
            role="option"
            tabIndex={-1}
            data-name={name}
            aria-selected={name === selected}
            aria-setsize={found.length}
            aria-posinset={first + index + 1}
          >
            <bdi class="any-text mono grow" title={name}>
              {name}
            </bdi>
            <span class="muted small number" title={`${series} series`}>
              {series.toLocaleString('en-US')}
            </span>
            <span class="type" data-type={type}>
              {type}
            </span>
          </div>
        ))}
        <div
          class="rows-after"
          ref={(element) => setHeight(element, (found.length - first - rows.length) * rowHeight)}
        />
      </div>
    </div>
  );
}

function setHeight(element: HTMLElement | null, pixels: number): void {
  if (element !== null) element.style.height = `${pixels}px`;
}
