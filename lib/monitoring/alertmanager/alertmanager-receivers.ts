/** Receivers of Alertmanager. Their secrets are in files beside the configuration. */
import { check, checkKeys, isHttpUrl, isObject } from '../checks.js';
import type { BundleFile } from '../model.js';
import { filledText } from '../text-template.js';
import { templatePart } from '../yaml-file.js';

/**
 * The destination of notifications. Paths of files are absolute, or relative to `alertmanager/`, where Alertmanager is started.
 * `nowhere`: the alerts are only shown in Alertmanager's own UI.
 * @see https://prometheus.io/docs/alerting/latest/configuration/#receiver
 */
export type Receiver =
  | {
      /** URL to which Alertmanager's JSON is posted. */
      readonly webhookUrl: string;
      /** File with a bearer token. Default: none. */
      readonly tokenFile?: string;
    }
  | {
      /** File with the URL of an incoming webhook of Slack, or of a compatible service: Mattermost, Rocket.Chat, Discord. */
      readonly slackUrlFile: string;
      /** Default: the channel of the webhook. */
      readonly channel?: string;
    }
  | {
      /** File with the integration key of PagerDuty's Events API v2. */
      readonly pagerdutyKeyFile: string;
    }
  | {
      /** File with the API key of Opsgenie. */
      readonly opsgenieKeyFile: string;
    }
  | 'nowhere';

/** Receivers by purpose. By default each but `log` posts to the URL in a placeholder file, `alertmanager/receivers/*.url`. */
export interface Receivers {
  /** Alerts that wake someone: severity `page`. */
  readonly pager: Receiver;
  /** Pages that have fired for an hour. */
  readonly escalation: Receiver;
  /** Alerts that wait for working hours: severity `ticket`. */
  readonly tickets: Receiver;
  /** Alerts that need no action: severity `info`. Default: `nowhere`. */
  readonly log: Receiver;
  /** The Watchdog: a service that raises the alarm when its notifications stop. */
  readonly deadMansSwitch: Receiver;
}

/** Option -> name of the receiver in Alertmanager, and purpose in the README of the placeholder files. */
const purposes: Readonly<Record<keyof Receivers, readonly [name: string, purpose: string]>> = {
  pager: ['pager', 'alerts that wake someone'],
  escalation: ['escalation', 'pages that have fired for an hour'],
  tickets: ['tickets', 'alerts that wait for working hours'],
  log: ['log', 'alerts that need no action'],
  deadMansSwitch: [
    'dead-mans-switch',
    'a service that raises the alarm when the notifications of the Watchdog stop. It must answer like Slack, with `ok`; for one that does not, set `receivers: { deadMansSwitch: { webhookUrl } }`',
  ],
};

const options = Object.keys(purposes) as (keyof Receivers)[];

/** Option -> name of the receiver in Alertmanager. */
export const receiverNames = Object.freeze(
  Object.fromEntries(options.map((option) => [option, purposes[option][0]])),
) as Readonly<Record<keyof Receivers, string>>;

/** @throws ERR_METRICS_INVALID_MONITORING for an unknown receiver, or one without a destination */
export function receiversWith(own: Partial<Receivers> = {}): Receivers {
  checkKeys(own, options, { whole: '`receivers`', key: 'receiver' });
  for (const [name, receiver] of Object.entries(own)) checkReceiver(name, receiver);
  const placeholders = Object.fromEntries(
    options.map((option) => [option, { slackUrlFile: placeholderPath(option) }]),
  ) as Partial<Receivers> as Receivers;
  return Object.freeze({ ...placeholders, log: 'nowhere', ...own });
}

/** The `receivers` of `alertmanager.yml`. */
export function receiverEntries(settings: {
  readonly receivers: Receivers;
  readonly prefix: string;
}): object[] {
  return options.map((option) => {
    const name = receiverNames[option];
    const receiver = settings.receivers[option];
    if (receiver === 'nowhere') return { name };
    // The service behind the dead man's switch must not be notified that the Watchdog is over.
    const values = { ...receiver, prefix: settings.prefix, resolved: option !== 'deadMansSwitch' };
    const [kind = ''] = keysOfReceivers.find(([key]) => key in receiver) ?? [];
    return { name, ...(templatePart('alertmanager/alertmanager.yml', kind, values) as object) };
  });
}

/** The placeholder files that the default receivers read, with a README. */
export function receiverFiles(receivers: Receivers): BundleFile[] {
  const placeholders = options.filter((option) => {
    const receiver = receivers[option];
    return (
      isObject(receiver) && 'slackUrlFile' in receiver && receiver.slackUrlFile === placeholderPath(option)
    );
  });
  if (placeholders.length === 0) return [];
  return [
    { path: 'alertmanager/receivers/README.md', content: readmeOf(placeholders) },
    ...placeholders.map((option) => ({
      path: `alertmanager/${placeholderPath(option)}`,
      // No server listens there: until the URL is replaced, every notification fails, and NotificationsFailing fires.
      content: `http://127.0.0.1:9095/${receiverNames[option]}\n`,
      placeholder: true,
    })),
  ];
}

function readmeOf(placeholders: readonly (keyof Receivers)[]): string {
  const files = placeholders.map((option) => `- \`${receiverNames[option]}.url\`: ${purposes[option][1]}`);
  return filledText('alertmanager/receivers.md', { files: files.join('\n') });
}

function placeholderPath(option: keyof Receivers): string {
  return `receivers/${receiverNames[option]}.url`;
}

/** The key that makes a receiver, and the optional keys beside it. */
const keysOfReceivers: readonly (readonly [kind: string, ...optional: string[]])[] = [
  ['webhookUrl', 'tokenFile'],
  ['slackUrlFile', 'channel'],
  ['pagerdutyKeyFile'],
  ['opsgenieKeyFile'],
];

function checkReceiver(name: string, receiver: unknown): void {
  if (receiver === 'nowhere') return;
  const entries = Object.entries(isObject(receiver) ? receiver : {});
  const known = keysOfReceivers.find(([kind]) => entries.some(([key]) => key === kind));
  const unknown = known && entries.find(([key]) => !known.includes(key));
  check(
    known !== undefined && unknown === undefined,
    `receiver \`${name}\``,
    "{ webhookUrl, tokenFile? }, { slackUrlFile, channel? }, { pagerdutyKeyFile }, { opsgenieKeyFile } or 'nowhere'",
    unknown?.[0] ?? entries[0]?.[0] ?? receiver,
  );
  for (const [key, value] of entries) {
    const what = `\`${key}\` of receiver \`${name}\``;
    check(typeof value === 'string' && value !== '', what, 'a text that is not empty', value);
    check(key !== 'webhookUrl' || isHttpUrl(value), what, 'an http or https URL', value);
  }
}
