/** How Prometheus and Alertmanager are started with the bundle: the retention is a matter of the command line. */
import type { BundleSettings } from '../settings.js';

/** Where the files are, as the program will see them. */
export interface StartOptions {
  /** Default: as in the bundle's folder. */
  readonly configFile?: string;
  /** Where the program keeps its data. Default: `data/prometheus` or `data/alertmanager` in the bundle's folder. */
  readonly dataFolder?: string;
  /** `host:port`. Default: the bundle's address of the program. */
  readonly listenAddress?: string;
}

/** What of the settings a start depends on. */
export interface StartSettings
  extends Pick<BundleSettings, 'prometheus' | 'alertmanager'>,
    Partial<Pick<BundleSettings, 'target' | 'createdSamples'>> {
  readonly config: Pick<BundleSettings['config'], 'retentionDays'>;
}

/** Arguments of Prometheus, to be started in the bundle's folder unless the options say otherwise. */
export function prometheusArguments(settings: StartSettings, options: StartOptions = {}): string[] {
  const {
    configFile = 'prometheus/prometheus.yml',
    dataFolder = 'data/prometheus',
    listenAddress = settings.prometheus,
  } = options;
  return [
    `--config.file=${configFile}`,
    `--storage.tsdb.path=${dataFolder}`,
    `--storage.tsdb.retention.time=${retention(settings)}`,
    `--web.listen-address=${listenAddress}`,
    ...features(settings).map((feature) => `--enable-feature=${feature}`),
  ];
}

/** Features of Prometheus that the settings need. */
export function features({ target, createdSamples }: StartSettings): readonly string[] {
  return target === '3' && createdSamples === true ? ['created-timestamp-zero-ingestion'] : [];
}

/** Arguments of Prometheus as an agent, that keeps nothing and passes on. */
export function agentArguments(settings: BundleSettings, options: StartOptions = {}): string[] {
  const {
    configFile = 'prometheus/agent.yml',
    dataFolder = 'data/agent',
    listenAddress = settings.prometheus,
  } = options;
  return [
    settings.target === '3' ? '--agent' : '--enable-feature=agent',
    `--config.file=${configFile}`,
    `--storage.agent.path=${dataFolder}`,
    `--web.listen-address=${listenAddress}`,
    ...features(settings).map((feature) => `--enable-feature=${feature}`),
  ];
}

/** Arguments of Alertmanager, to be started in `alertmanager/` of the bundle, to which the files of receivers are relative. */
export function alertmanagerArguments(settings: StartSettings, options: StartOptions = {}): string[] {
  const {
    configFile = 'alertmanager.yml',
    dataFolder = '../data/alertmanager',
    listenAddress = settings.alertmanager,
  } = options;
  return [
    `--config.file=${configFile}`,
    `--storage.path=${dataFolder}`,
    `--web.listen-address=${listenAddress}`,
    // One of its kind: it looks for no others.
    '--cluster.listen-address=',
  ];
}

/** The command that starts Prometheus in the bundle's folder, for a shell. */
export function startCommand(settings: StartSettings): string {
  return shownCommand('prometheus', prometheusArguments(settings));
}

/** The command that starts Alertmanager, in `alertmanager/` of the bundle. */
export function alertmanagerCommand(settings: StartSettings): string {
  return shownCommand('alertmanager', alertmanagerArguments(settings));
}

/** As a shell takes it, an option a line. */
function shownCommand(program: string, options: readonly string[]): string {
  const quoted = options.map((option) =>
    /^[\w@%+=:,./-]+$/.test(option) ? option : `'${option.replaceAll("'", "'\\''")}'`,
  );
  return [program, ...quoted].join(' \\\n  ');
}

/** How long Prometheus keeps samples, as it writes durations: `30d`. */
export function retention({ config }: Pick<StartSettings, 'config'>): string {
  return `${config.retentionDays}d`;
}

/** The port of a `host:port`. */
export function portOf(address: string): number {
  return Number(address.slice(address.lastIndexOf(':') + 1));
}

/** The host of a `host:port`, an IPv6 address without its brackets. */
export function hostOf(address: string): string {
  return address.slice(0, address.lastIndexOf(':')).replace(/^\[(.*)\]$/, '$1');
}

/** Whether an address means the machine that asks, which is another one in each container. */
export function isLoopback(address: string): boolean {
  return /^(127\.|localhost$|::1$)/.test(hostOf(address));
}
