/** The bar on top: what is shown, of when, and whether it is live. */
import type { HelloEvent } from '../../../../lib/history/feed.js';
import { theme, toggleTheme } from '../charts/theme.js';
import { cursorTime } from '../cursor.js';
import { connection } from '../feed/connection.js';
import { clockText } from '../format.js';
import { changeView, togglePause, zoom } from '../page-state.js';
import { useStore } from '../store.js';
import { type RangeName, rangeSeconds, type View } from '../view.js';
import { Icon } from './icons.js';
import { Text } from './text.js';

interface HeaderProps {
  readonly feed: HelloEvent | undefined;
  readonly view: View;
  readonly onHelp: () => void;
}

const rangeNames = Object.keys(rangeSeconds) as readonly RangeName[];

export function Header({ feed, view, onHelp }: HeaderProps) {
  const isDark = useStore(theme) === 'dark';
  const isFrozen = view.pausedAt !== undefined || view.zoom !== undefined;
  const about = feed?.targets.length === 1 ? Object.entries(feed.targets[0]?.about ?? {}) : [];
  return (
    <header class="bar">
      <div class="brand" title={about.map(([name, value]) => `${name} ${value}`).join('\n')}>
        <svg width="24" height="24" viewBox="0 0 32 32" aria-hidden="true">
          <rect class="logo-ground" width="32" height="32" />
          <path class="logo-line" d="M6 20h5l3-10 5 14 3-8h4" />
        </svg>
        <h1>
          <Text value={feed?.title ?? 'Metrics'} />
        </h1>
      </div>
      <nav class="tabs" aria-label="Pages">
        {(['overview', 'explorer'] as const).map((page) => (
          <a
            key={page}
            href={`#/${page}`}
            aria-current={view.page === page ? 'page' : undefined}
            onClick={(event) => {
              event.preventDefault();
              changeView({ page });
            }}
          >
            {page === 'overview' ? 'Overview' : 'Explorer'}
          </a>
        ))}
      </nav>
      <div class="spacer" />
      <State view={view} />
      <div class="controls">
        <fieldset class="segments">
          <legend class="hidden-text">Time range</legend>
          {rangeNames.map((range) => (
            <button
              key={range}
              type="button"
              data-range={range}
              aria-pressed={view.zoom === undefined && view.range === range}
              onClick={() => changeView({ range, zoom: undefined })}
            >
              {range}
            </button>
          ))}
        </fieldset>
        {view.zoom !== undefined && (
          <button
            type="button"
            class="button"
            onClick={() => zoom(undefined)}
            title="Back to the range (Esc)"
          >
            Reset zoom
          </button>
        )}
        <button
          type="button"
          class="button"
          data-pause
          aria-pressed={isFrozen}
          onClick={togglePause}
          title="Pause or resume (p)"
        >
          <Icon name={isFrozen ? 'play' : 'pause'} />
          <span class="words">{isFrozen ? 'Resume' : 'Pause'}</span>
        </button>
        <button
          type="button"
          class="button icon"
          data-theme-toggle
          onClick={toggleTheme}
          aria-label={isDark ? 'Light theme' : 'Dark theme'}
          title="Theme (t)"
        >
          <Icon name={isDark ? 'sun' : 'moon'} />
        </button>
        <button
          type="button"
          class="button icon"
          onClick={onHelp}
          aria-label="Help"
          title="Keyboard shortcuts (?)"
        >
          <Icon name="help" />
        </button>
      </div>
    </header>
  );
}

function State({ view }: { readonly view: View }) {
  const { state } = useStore(connection);
  const cursor = useStore(cursorTime);
  const { pausedAt, zoom: zoomed } = view;
  const [shown, text] =
    state === 'lost'
      ? ['lost', 'reconnecting…']
      : state === 'connecting'
        ? ['connecting', 'connecting…']
        : state === 'idle'
          ? ['paused', 'in background']
          : cursor !== undefined
            ? ['paused', `at ${clockText(cursor)}`]
            : zoomed !== undefined
              ? ['paused', `${clockText(zoomed.from)} – ${clockText(zoomed.to)}`]
              : pausedAt !== undefined
                ? ['paused', `paused ${clockText(pausedAt)}`]
                : ['live', 'live'];
  return (
    <p class="state" data-state={shown}>
      {text}
    </p>
  );
}
