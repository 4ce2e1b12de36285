/** The alerts of the monitoring bundle, evaluated by the server. */
import type { AlertState, TargetStatus } from '../../../../lib/history/feed.js';
import { clockText, shownText, spanText } from '../format.js';
import { Text } from '../shell/text.js';

export function Alerts({ status }: { readonly status: TargetStatus }) {
  const { alerts } = status;
  if (alerts.length === 0) return null;
  const active = alerts.filter(({ state }) => state === 'firing' || state === 'pending');
  const pages = active.filter(({ state, severity }) => state === 'firing' && severity === 'page').length;
  const unknown = alerts.filter(({ state }) => state === 'unknown').length;
  const checked = alerts.length - unknown;
  return (
    <section class="section" aria-label="Alerts">
      <h2>
        Alerts
        <span>
          {pages === 0 ? 'Nothing would page.' : `${pages} would page.`} {checked} checked
          {unknown > 0 && `, ${unknown} without values yet`}
        </span>
      </h2>
      {active.length > 0 && (
        <ul class="card rows">
          {active.map((alert) => (
            <Alert key={alert.name + JSON.stringify(alert.labels)} alert={alert} />
          ))}
        </ul>
      )}
      <details class="more">
        <summary>All alerts</summary>
        <ul class="card rows columns">
          {alerts.map(({ name, state, labels }) => (
            <li key={name + JSON.stringify(labels)}>
              <Text value={name} class="grow" />
              <span class="badge" data-tone={tones[state]}>
                {state === 'unknown' ? 'no values' : state}
              </span>
            </li>
          ))}
        </ul>
      </details>
    </section>
  );
}

const tones = { ok: 'good', pending: 'warn', firing: 'bad', unknown: undefined } as const;

function Alert({ alert }: { readonly alert: AlertState }) {
  const { name, severity, state, summary, value, limit, unit, worse, since, holdSeconds, panel } = alert;
  const isFiring = state === 'firing';
  const isPage = severity === 'page';
  return (
    <li data-alert={name}>
      <span class="badge" data-tone={isFiring && isPage ? 'bad' : 'warn'}>
        {isFiring ? (isPage ? 'would page' : 'ticket') : 'pending'}
      </span>
      <div class="grow">
        <p>
          <strong>{name}</strong> <Text value={summary} class="wrap" />
        </p>
        <p class="muted small">
          {value !== null && `${shownText(value, unit)}, limit ${shownText(limit, unit)}`}
          {since !== undefined && `, ${worse} it since ${clockText(since / 1_000)}`}
          {!isFiring && `, must hold for ${spanText(holdSeconds)}`}
        </p>
      </div>
      {panel !== undefined && (
        <button type="button" class="button" onClick={() => reveal(panel)}>
          Show
        </button>
      )}
    </li>
  );
}

function reveal(panel: string): void {
  document.querySelector(`[data-panel="${CSS.escape(panel)}"]`)?.scrollIntoView({ block: 'center' });
}
