/** Who is told: receivers of Alertmanager, with their secrets in files beside the configuration. */
import { nearest } from '../../errors.js';
import type { BundleFile } from '../model.js';
import { monitoringError } from '../promql/expression.js';

/**
 * Where a receiver's notifications go. Files are named as Alertmanager is to open them: relative to the folder it is started in,
 * `alertmanager/`, or absolute. `nowhere`: they are seen in Alertmanager's own pages only.
 */
export type Receiver =
  | {
      /** Alertmanager's JSON is posted here. */
      readonly webhookUrl: string;
      /** File with a bearer token. Default: none. */
      readonly tokenFile?: string;
    }
  | {
      /** File with the address of an incoming webhook of Slack, or of what takes the same: Mattermost, Rocket.Chat, Discord. */
      readonly slackUrlFile: string;
      readonly channel?: string;
    }
  | {
      /** File with the integration key, Events API v2. */
      readonly pagerdutyKeyFile: string;
    }
  | {
      /** File with the API key. */
      readonly opsgenieKeyFile: string;
    }
  | 'nowhere';

export interface Receivers {
  /** Alerts that wake someone. */
  readonly pager: Receiver;
  /** Pages that have lasted: whoever is next in line. */
  readonly escalation: Receiver;
  /** Alerts that wait for the morning. */
  readonly tickets: Receiver;
  /** What is read some time. */
  readonly log: Receiver;
  /** The Watchdog: tells, by its silence, that nothing can be told any more. */
  readonly deadMansSwitch: Receiver;
}

/** Option -> name of the receiver in Alertmanager. */
export const receiverNames: Readonly<Record<keyof Receivers, string>> = Object.freeze({
  pager: 'pager',
  escalation: 'escalation',
  tickets: 'tickets',
  log: 'log',
  deadMansSwitch: 'dead-mans-switch',
});

const options = Object.keys(receiverNames) as (keyof Receivers)[];

/** @throws ERR_METRICS_INVALID_MONITORING for a receiver that there is not, or one that says not where to */
export function receiversWith(own: Partial<Receivers> = {}): Receivers {
  if (typeof own !== 'object' || own === null)
    throw monitoringError('`receivers`', `{ ${options.map((name) => `${name}?`).join(', ')} }`, own);
  for (const [name, receiver] of Object.entries(own)) {
    if (!Object.hasOwn(receiverNames, name)) {
      const meant = nearest(name, options);
      throw monitoringError(
        'receiver',
        `one of ${options.join(', ')}`,
        name,
        meant === undefined ? '' : `Did you mean \`${meant}\`?`,
      );
    }
    checkReceiver(name, receiver);
  }
  return Object.freeze({
    pager: placeholder('pager'),
    escalation: placeholder('escalation'),
    tickets: placeholder('tickets'),
    log: 'nowhere',
    deadMansSwitch: placeholder('deadMansSwitch'),
    ...own,
  });
}

/** The `receivers` of `alertmanager.yml`. */
export function receiverEntries({
  receivers,
  prefix,
}: {
  readonly receivers: Receivers;
  readonly prefix: string;
}): Readonly<Record<string, unknown>>[] {
  return options.map((option) => ({
    name: receiverNames[option],
    // Someone who waits for the Watchdog's silence is not to hear that it is over.
    ...integration(receivers[option], option !== 'deadMansSwitch', prefix),
  }));
}

/** The files that the default receivers read, to be filled in. */
export function receiverFiles(receivers: Receivers): BundleFile[] {
  const placeholders = options.filter((option) => isPlaceholder(option, receivers[option]));
  if (placeholders.length === 0) return [];
  return [
    { path: 'alertmanager/receivers/README.md', content: readmeOf(placeholders) },
    ...placeholders.map((option) => ({
      path: `alertmanager/receivers/${receiverNames[option]}.url`,
      // Nothing listens there: until it is replaced, Alertmanager says of every notification that it failed.
      content: `http://127.0.0.1:9095/${receiverNames[option]}\n`,
      placeholder: true,
    })),
  ];
}

const purposes: Readonly<Record<keyof Receivers, string>> = {
  pager: 'alerts that wake someone',
  escalation: 'pages that have lasted for an hour',
  tickets: 'alerts that wait for the morning',
  log: 'what is read some time',
  deadMansSwitch:
    'a service that raises the alarm when the Watchdog stops calling; it must answer as Slack does, with `ok`: for one that does not, set `receivers: { deadMansSwitch: { webhookUrl } }`',
};

function readmeOf(placeholders: readonly (keyof Receivers)[]): string {
  return `# Receivers

Each file here is one line: the address of an incoming webhook of Slack, or of what takes the same (Mattermost, Rocket.Chat,
Discord with \`/slack\`). Alertmanager reads it with every notification; it needs no restart. As generated they lead nowhere, and
Alertmanager says of every notification that it failed: replace them. \`tamma-metrics bundle\` does not write over them.

${placeholders.map((option) => `- \`${receiverNames[option]}.url\`: ${purposes[option]}`).join('\n')}

Other kinds (PagerDuty, Opsgenie, a webhook) are set by the option \`receivers\`; their keys can be files of this folder too,
\`{ pagerdutyKeyFile: 'receivers/pagerduty.key' }\`: docker-compose mounts it, and Kubernetes has it as a secret.
`;
}

function placeholder(option: keyof Receivers): Receiver {
  return Object.freeze({ slackUrlFile: `receivers/${receiverNames[option]}.url` });
}

function isPlaceholder(option: keyof Receivers, receiver: Receiver): boolean {
  return (
    receiver !== 'nowhere' &&
    'slackUrlFile' in receiver &&
    receiver.slackUrlFile === `receivers/${receiverNames[option]}.url`
  );
}

function checkReceiver(name: string, receiver: unknown): void {
  if (receiver === 'nowhere') return;
  const keys = Object.entries(typeof receiver === 'object' && receiver !== null ? receiver : {});
  const kinds = keys.filter(([key]) => Object.hasOwn(kindsOfReceiver, key));
  const [kind] = kinds;
  const known = [kind?.[0] ?? '', ...(kindsOfReceiver[kind?.[0] ?? ''] ?? [])];
  const stray = keys.find(([key]) => !known.includes(key));
  if (kind === undefined || stray !== undefined) {
    throw monitoringError(
      `receiver \`${name}\``,
      "{ webhookUrl, tokenFile? }, { slackUrlFile, channel? }, { pagerdutyKeyFile }, { opsgenieKeyFile } or 'nowhere'",
      stray?.[0] ?? receiver,
    );
  }
  for (const [key, value] of keys)
    if (typeof value !== 'string' || value === '')
      throw monitoringError(`\`${key}\` of receiver \`${name}\``, 'a text that is not empty', value);
  const [key, url] = kind;
  if (key === 'webhookUrl' && !(URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)))
    throw monitoringError(`\`webhookUrl\` of receiver \`${name}\``, 'an http or https URL', url);
}

/** Kind -> what may stand beside it. */
const kindsOfReceiver: Readonly<Record<string, readonly string[]>> = {
  webhookUrl: ['tokenFile'],
  slackUrlFile: ['channel'],
  pagerdutyKeyFile: [],
  opsgenieKeyFile: [],
};

function integration(
  receiver: Receiver,
  resolved: boolean,
  prefix: string,
): Readonly<Record<string, unknown>> {
  if (receiver === 'nowhere') return {};
  const template = (name: string): string => `{{ template "${prefix}.${name}" . }}`;
  const [title, text, link] = [template('title'), template('text'), template('link')];
  const common = { send_resolved: resolved };
  if ('webhookUrl' in receiver) {
    const { webhookUrl: url, tokenFile } = receiver;
    const authorization = { credentials_file: tokenFile };
    return {
      webhook_configs: [
        { ...common, url, ...(tokenFile === undefined ? {} : { http_config: { authorization } }) },
      ],
    };
  }
  if ('slackUrlFile' in receiver) {
    const { slackUrlFile, channel } = receiver;
    return {
      slack_configs: [
        {
          ...common,
          api_url_file: slackUrlFile,
          ...(channel === undefined ? {} : { channel }),
          title,
          title_link: link,
          fallback: title,
          text,
          color: template('color'),
        },
      ],
    };
  }
  if ('pagerdutyKeyFile' in receiver) {
    return {
      pagerduty_configs: [
        {
          ...common,
          routing_key_file: receiver.pagerdutyKeyFile,
          description: title,
          severity: '{{ if eq .CommonLabels.severity "page" }}critical{{ else }}warning{{ end }}',
          client_url: link,
          details: { text },
        },
      ],
    };
  }
  return {
    opsgenie_configs: [
      {
        ...common,
        api_key_file: receiver.opsgenieKeyFile,
        message: title,
        description: text,
        priority: '{{ if eq .CommonLabels.severity "page" }}P1{{ else }}P3{{ end }}',
      },
    ],
  };
}
