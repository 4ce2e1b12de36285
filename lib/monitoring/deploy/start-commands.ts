/** The commands that start Prometheus and Alertmanager. Retention, for instance, is an argument and not in the configuration. */
import type { BundleSettings } from '../settings.js';
import { templatePart } from '../yaml-file.js';

type Program = 'prometheus' | 'alertmanager' | 'pushgateway' | 'grafana';

/** Paths and addresses as the program sees them. */
export interface StartOptions {
  /** Default: the configuration in the folder of the bundle. */
  readonly configFile?: string;
  /** Folder of the program's data. Default: `data/prometheus`, `data/agent` or `data/alertmanager` in the folder of the bundle. */
  readonly dataFolder?: string;
  /** `host:port`. Default: the program's address in the settings. */
  readonly listenAddress?: string;
}

/** The settings that the arguments depend on. */
export interface StartSettings
  extends Pick<BundleSettings, 'prometheus' | 'alertmanager'>,
    Partial<Pick<BundleSettings, 'target' | 'createdSamples' | 'nativeHistograms'>> {
  readonly config: Pick<BundleSettings['config'], 'retentionDays'>;
}

/** Arguments of Prometheus. Relative paths are relative to the folder of the bundle. */
export function prometheusArguments(settings: StartSettings, options: StartOptions = {}): string[] {
  return [
    `--config.file=${options.configFile ?? 'prometheus/prometheus.yml'}`,
    `--storage.tsdb.path=${options.dataFolder ?? 'data/prometheus'}`,
    `--storage.tsdb.retention.time=${retention(settings)}`,
    `--web.listen-address=${options.listenAddress ?? settings.prometheus}`,
    ...featureFlags(settings),
  ];
}

/** Arguments of Prometheus in agent mode: it scrapes and forwards, and evaluates no rules. */
export function agentArguments(settings: StartSettings): string[] {
  return [
    settings.target === '3' ? '--agent' : '--enable-feature=agent',
    '--config.file=prometheus/agent.yml',
    '--storage.agent.path=data/agent',
    `--web.listen-address=${settings.prometheus}`,
    ...featureFlags(settings),
  ];
}

/** Arguments of Alertmanager. Relative paths are relative to `alertmanager/` in the bundle, as the files of receivers are. */
export function alertmanagerArguments(settings: StartSettings, options: StartOptions = {}): string[] {
  return [
    `--config.file=${options.configFile ?? 'alertmanager.yml'}`,
    `--storage.path=${options.dataFolder ?? '../data/alertmanager'}`,
    `--web.listen-address=${options.listenAddress ?? settings.alertmanager}`,
    // A single instance needs no cluster.
    '--cluster.listen-address=',
  ];
}

/** The shell command that starts Prometheus in the folder of the bundle. */
export function startCommand(settings: StartSettings): string {
  return shellCommand('prometheus', prometheusArguments(settings));
}

/** The shell command that starts Alertmanager in `alertmanager/` of the bundle. */
export function alertmanagerCommand(settings: StartSettings): string {
  return shellCommand('alertmanager', alertmanagerArguments(settings));
}

/** One argument per line, quoted where a shell needs it. */
function shellCommand(program: string, options: readonly string[]): string {
  const quoted = options.map((option) =>
    /^[\w@%+=:,./-]+$/.test(option) ? option : `'${option.replaceAll("'", "'\\''")}'`,
  );
  return [program, ...quoted].join(' \\\n  ');
}

/** Container images by program. */
export function imagesOf({ target }: Pick<BundleSettings, 'target'>) {
  return templatePart('deploy/images.yml', target, {}) as Readonly<Record<Program, string>>;
}

/** Features of Prometheus to enable. */
export function features({ target, createdSamples, nativeHistograms }: StartSettings): readonly string[] {
  return [
    ...(target === '3' && createdSamples === true ? ['created-timestamp-zero-ingestion'] : []),
    ...(nativeHistograms === 'feature' ? ['native-histograms'] : []),
  ];
}

function featureFlags(settings: StartSettings): string[] {
  return features(settings).map((feature) => `--enable-feature=${feature}`);
}

/** How long Prometheus keeps samples, in its notation: `30d`. */
export function retention({ config }: Pick<StartSettings, 'config'>): string {
  return `${config.retentionDays}d`;
}

/** The `host:port` of a URL, with the default port of its scheme. */
export function addressOfUrl(url: string): string {
  const { hostname, port, protocol } = new URL(url);
  return `${hostname}:${port || (protocol === 'https:' ? '443' : '80')}`;
}

/** The port of a `host:port`. */
export function portOf(address: string): number {
  return Number(address.slice(address.lastIndexOf(':') + 1));
}

/** The host of a `host:port`, an IPv6 address without brackets. */
export function hostOf(address: string): string {
  return address.slice(0, address.lastIndexOf(':')).replace(/^\[(.*)\]$/, '$1');
}

/** Whether a `host:port` is a loopback address. */
export function isLoopback(address: string): boolean {
  return /^(127\.|localhost$|::1$)/.test(hostOf(address));
}
