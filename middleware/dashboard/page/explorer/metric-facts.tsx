/** What a metric is: help, type, the methods behind it, and PromQL to copy. */
import { useState } from 'preact/hooks';
import type { MetricMeta } from '../../../../lib/history/feed.js';
import { changeView, view as currentView } from '../page-state.js';
import { Text } from '../shell/text.js';
import { useStore } from '../store.js';
import { promqlOf } from './promql.js';

export function MetricFacts({ meta }: { readonly meta: MetricMeta }) {
  const view = useStore(currentView);
  const { name, type, help, series, methods } = meta;
  return (
    <header class="facts">
      <button type="button" class="button back" onClick={() => changeView({ metric: undefined })}>
        ← All metrics
      </button>
      <div class="name">
        <h2 class="mono">
          <Text value={name} class="wrap" />
        </h2>
        <span class="badge">{type}</span>
        <span class="muted">{series === 1 ? '1 series' : `${series.toLocaleString('en-US')} series`}</span>
      </div>
      {help !== '' && (
        <p>
          <Text value={help} class="wrap" />
        </p>
      )}
      {methods.length > 0 && (
        <p class="methods">
          <span class="muted">Recorded by</span>
          {methods.map(({ method, decorator }) => (
            <span key={method + decorator}>
              <span class="muted mono">@{decorator.replace(/^@/, '')}</span>{' '}
              <Text value={method} class="mono" />
            </span>
          ))}
        </p>
      )}
      <ul class="expressions">
        <Expression title="PromQL" expression={promqlOf(meta, view.where, view.by)} />
      </ul>
    </header>
  );
}

/** Other expressions that fit the type of the metric. */
export function Expressions({ meta: { promql } }: { readonly meta: MetricMeta }) {
  if (promql.length === 0) return null;
  return (
    <section class="card panel">
      <h3>PromQL</h3>
      <ul class="expressions">
        {promql.map(({ title, expression }) => (
          <Expression key={expression} title={title} expression={expression} />
        ))}
      </ul>
    </section>
  );
}

function Expression({ title, expression }: { readonly title: string; readonly expression: string }) {
  const [state, setState] = useState<'Copy' | 'Copied' | 'Press Ctrl+C'>('Copy');
  const copy = async (button: HTMLElement): Promise<void> => {
    try {
      await navigator.clipboard.writeText(expression);
      setState('Copied');
    } catch {
      // Without HTTPS, browsers have no clipboard for pages: the text is selected instead.
      const code = button.parentElement?.querySelector('code');
      if (code) getSelection()?.selectAllChildren(code);
      setState('Press Ctrl+C');
    }
    setTimeout(() => setState('Copy'), 2_000);
  };
  return (
    <li>
      <span class="muted small">{title}</span>
      <code class="any-text" title={expression.length > 60 ? expression.slice(0, 10_000) : undefined}>
        {expression}
      </code>
      <button
        type="button"
        class="button"
        data-copy
        onClick={({ currentTarget }) => void copy(currentTarget)}
        aria-label={`Copy: ${title}`}
      >
        {state}
      </button>
    </li>
  );
}
