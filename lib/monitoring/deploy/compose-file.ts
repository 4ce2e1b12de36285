/** Prometheus, Alertmanager and Grafana by docker compose, with the files of the bundle. */

import type { BundleFile } from '../model.js';
import type { BundleSettings } from '../settings.js';
import { yamlFile } from '../yaml-file.js';
import { images } from './images.js';
import { alertmanagerArguments, hostOf, isLoopback, portOf, prometheusArguments } from './start-commands.js';

type YamlMap = Readonly<Record<string, unknown>>;

/** `deploy/docker-compose.yml`. */
export function composeFile(settings: BundleSettings): BundleFile {
  const { config, target, prometheus, alertmanager } = settings;
  const image = images[target];
  const onHost = usesHost(settings);
  const listen = (address: string): string => (onHost ? address : `0.0.0.0:${portOf(address)}`);
  const { tokenFile } = config;
  const grafanaPort = portOfUrl(settings.grafanaUrl);
  const services: Record<string, YamlMap> = {
    prometheus: {
      image: image.prometheus,
      command: prometheusArguments(settings, {
        configFile: '/etc/prometheus/prometheus.yml',
        dataFolder: '/prometheus',
        listenAddress: listen(prometheus),
      }),
      volumes: [
        '../prometheus:/etc/prometheus:ro',
        'prometheus-data:/prometheus',
        // Of an absolute path only: a relative one is in the folder of prometheus.yml already.
        ...(tokenFile?.startsWith('/') ? [`${tokenFile}:${tokenFile}:ro`] : []),
      ],
      ...network(onHost, prometheus),
      restart: 'unless-stopped',
    },
    alertmanager: {
      image: image.alertmanager,
      // Files of receivers are relative to it.
      working_dir: '/etc/alertmanager',
      command: alertmanagerArguments(settings, {
        dataFolder: '/alertmanager',
        listenAddress: listen(alertmanager),
      }),
      volumes: ['../alertmanager:/etc/alertmanager:ro', 'alertmanager-data:/alertmanager'],
      ...network(onHost, alertmanager),
      restart: 'unless-stopped',
    },
    grafana: {
      image: image.grafana,
      environment: {
        ...(onHost ? { GF_SERVER_HTTP_ADDR: '127.0.0.1' } : {}),
        GF_SERVER_HTTP_PORT: String(grafanaPort),
        GF_SERVER_ROOT_URL: settings.grafanaUrl,
      },
      volumes: [
        '../grafana/provisioning:/etc/grafana/provisioning:ro',
        '../grafana/dashboards:/var/lib/grafana/dashboards:ro',
        'grafana-data:/var/lib/grafana',
      ],
      ...network(onHost, `grafana:${grafanaPort}`),
      restart: 'unless-stopped',
    },
  };
  if (config.pushUrl !== undefined) {
    const port = portOfUrl(config.pushUrl);
    const address = `${new URL(config.pushUrl).hostname}:${port}`;
    services.pushgateway = {
      image: image.pushgateway,
      command: [`--web.listen-address=${listen(address)}`],
      ...network(onHost, address),
      restart: 'unless-stopped',
    };
  }
  return yamlFile(
    'deploy/docker-compose.yml',
    { services, volumes: { 'prometheus-data': {}, 'alertmanager-data': {}, 'grafana-data': {} } },
    {
      about: [
        'In the folder of the bundle: docker compose -f deploy/docker-compose.yml up',
        onHost
          ? "The programs share the machine's network, since their addresses are those of this machine: the service is started beside them."
          : 'The programs find each other, and the service, by the names in their addresses: put the service into this network.',
        `The service is scraped at ${settings.targets.join(', ')}.`,
      ].join('\n'),
      notes: { 'services.prometheus.command': 'The retention is METRICS_RETENTION_DAYS.' },
    },
  );
}

/** Whether any address is this machine's: in a container of its own network it would be the container's. */
function usesHost({ prometheus, alertmanager, targets, config }: BundleSettings): boolean {
  const gateway =
    config.pushUrl === undefined ? [] : [`${new URL(config.pushUrl).hostname}:${portOfUrl(config.pushUrl)}`];
  return [prometheus, alertmanager, ...targets, ...gateway].some(isLoopback);
}

/** The machine's network, or a name in that of the file and a port that only this machine sees. */
function network(onHost: boolean, address: string): YamlMap {
  if (onHost) return { network_mode: 'host' };
  const port = portOf(address);
  return {
    networks: { default: { aliases: [hostOf(address)] } },
    ports: [`127.0.0.1:${port}:${port}`],
  };
}

function portOfUrl(url: string): number {
  const { port, protocol } = new URL(url);
  if (port !== '') return Number(port);
  return protocol === 'https:' ? 443 : 80;
}
