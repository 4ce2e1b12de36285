/** The page of the live dashboard. */
import { render } from 'preact';
import { useState } from 'preact/hooks';
import { Explorer } from './explorer/explorer.js';
import { connect, connection, hello, reconnect } from './feed/connection.js';
import { failure, refresh, takeSample, times } from './feed/histories.js';
import { clockText } from './format.js';
import { Overview } from './overview/overview.js';
import { view as currentView, showTime } from './page-state.js';
import { Header } from './shell/header.js';
import { Help } from './shell/help.js';
import { useStore } from './store.js';

function App() {
  const feed = useStore(hello);
  const view = useStore(currentView);
  const [isHelpOpen, setHelpOpen] = useState(false);
  return (
    <>
      <Header feed={feed} view={view} onHelp={() => setHelpOpen(true)} />
      <main>
        <Notices />
        {feed !== undefined &&
          (view.page === 'overview' ? <Overview feed={feed} /> : <Explorer feed={feed} view={view} />)}
      </main>
      <Help isOpen={isHelpOpen} onToggle={setHelpOpen} />
    </>
  );
}

/** What is wrong with the page itself, and what to do about it. */
function Notices() {
  const current = useStore(connection);
  const failed = useStore(failure);
  return (
    <div class="notices" role="status">
      {current.state === 'lost' && (
        <p class="notice" data-tone="warn" data-notice="lost">
          <span class="grow">
            <strong>Connection lost at {clockText(current.since / 1_000)}.</strong> {current.reason} The page
            connects again by itself, and shows what it missed.
          </span>
          <button type="button" class="button" onClick={reconnect}>
            Connect now
          </button>
        </p>
      )}
      {current.state !== 'lost' && failed !== undefined && (
        <p class="notice" data-tone="warn">
          <span class="grow">{failed}</span>
          <button type="button" class="button" onClick={refresh}>
            Try again
          </button>
        </p>
      )}
    </div>
  );
}

connect({
  onHello({ now, targets }, isNewRun) {
    const oldest = targets.flatMap(({ oldest: time }) => time ?? []);
    const { earliest, latest } = times.get();
    // The clock of the server was set back: what it sends from now on is earlier than what is shown.
    const isSetBack = now / 1_000 < latest - 2;
    times.set({
      earliest: isNewRun
        ? Math.min(now, ...oldest) / 1_000
        : Math.min(earliest, ...oldest.map((time) => time / 1_000)),
      latest: isSetBack ? now / 1_000 : Math.max(latest, now / 1_000),
    });
    if (isNewRun || isSetBack) showTime();
  },
  onSample: takeSample,
});

const root = document.getElementById('app');
if (root !== null) {
  // The bar of the HTML, which is there before the script.
  root.replaceChildren();
  render(<App />, root);
}
