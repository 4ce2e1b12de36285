/** The keyboard shortcuts, and the listener that carries them out. */
import { useEffect, useRef } from 'preact/hooks';
import { toggleTheme } from '../charts/theme.js';
import { changeView, togglePause, view, zoom } from '../page-state.js';
import { type RangeName, rangeSeconds } from '../view.js';
import { Icon } from './icons.js';

interface Shortcut {
  readonly keys: readonly string[];
  readonly text: string;
  readonly run: (key: string) => void;
}

const rangeNames = Object.keys(rangeSeconds) as readonly RangeName[];

function focusSearch(): void {
  changeView({ page: 'explorer' });
  // After the explorer is there.
  requestAnimationFrame(() => document.querySelector<HTMLElement>('[data-search]')?.focus());
}

const shortcuts: readonly Shortcut[] = [
  { keys: ['/'], text: 'Search metrics', run: focusSearch },
  { keys: ['o'], text: 'Overview', run: () => changeView({ page: 'overview' }) },
  { keys: ['e'], text: 'Explorer', run: () => changeView({ page: 'explorer' }) },
  { keys: ['p'], text: 'Pause or resume', run: togglePause },
  {
    keys: ['1', '2', '3', '4', '5'],
    text: `Range: ${rangeNames.join(', ')}`,
    run: (key) => changeView({ range: rangeNames[Number(key) - 1] ?? view.get().range, zoom: undefined }),
  },
  { keys: ['Esc'], text: 'Leave the zoom', run: () => zoom(undefined) },
  {
    keys: ['c'],
    text: 'Copy the PromQL of the metric',
    run: () => document.querySelector<HTMLElement>('[data-copy]')?.click(),
  },
  { keys: ['t'], text: 'Dark or light', run: toggleTheme },
];

function isTyping({ target }: Event): boolean {
  return (
    target instanceof HTMLInputElement ||
    target instanceof HTMLSelectElement ||
    target instanceof HTMLTextAreaElement
  );
}

export function Help({
  isOpen,
  onToggle,
}: {
  readonly isOpen: boolean;
  readonly onToggle: (isOpen: boolean) => void;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const press = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const key = event.key === 'Escape' ? 'Esc' : event.key;
      if (isTyping(event)) {
        if (key === 'Esc' && event.target instanceof HTMLElement) event.target.blur();
        return;
      }
      if (dialog.current?.open === true && key !== '?') return;
      if (key === '?') onToggle(dialog.current?.open !== true);
      else {
        const shortcut = shortcuts.find(({ keys }) => keys.includes(key));
        if (shortcut === undefined) return;
        shortcut.run(key);
      }
      event.preventDefault();
    };
    addEventListener('keydown', press);
    return () => removeEventListener('keydown', press);
  }, [onToggle]);
  useEffect(() => {
    const { current } = dialog;
    if (isOpen && current?.open === false) current.showModal();
    if (!isOpen && current?.open === true) current.close();
  }, [isOpen]);
  return (
    <dialog ref={dialog} class="sheet" aria-labelledby="help-title" onClose={() => onToggle(false)}>
      <header>
        <h2 id="help-title">Keyboard and mouse</h2>
        <button type="button" class="button icon" aria-label="Close" onClick={() => onToggle(false)}>
          <Icon name="close" />
        </button>
      </header>
      <dl class="keys">
        {shortcuts.map(({ keys, text }) => (
          <div key={text}>
            <dt>
              {keys.length > 2 ? (
                <>
                  <kbd>{keys[0]}</kbd> – <kbd>{keys.at(-1)}</kbd>
                </>
              ) : (
                keys.map((key) => <kbd key={key}>{key}</kbd>)
              )}
            </dt>
            <dd>{text}</dd>
          </div>
        ))}
        <div>
          <dt>
            <kbd>↑</kbd> <kbd>↓</kbd>
          </dt>
          <dd>Previous or next metric in the list</dd>
        </div>
        <div>
          <dt>Drag</dt>
          <dd>Zoom all charts into a time; double-click to leave</dd>
        </div>
        <div>
          <dt>Point</dt>
          <dd>Values of all charts at that time</dd>
        </div>
      </dl>
      <p class="footnote muted small">
        Numbers are over the last minute, or over the shown range if nothing happened in that minute. The
        address of the page is a link to what it shows.
      </p>
    </dialog>
  );
}
