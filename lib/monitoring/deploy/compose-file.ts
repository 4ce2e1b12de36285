/** Prometheus, Alertmanager, Grafana and, where it is used, a Pushgateway for Docker Compose, with the files of the bundle. */
import type { BundleFile } from '../model.js';
import type { BundleSettings } from '../settings.js';
import { yaml, yamlFile } from '../yaml-file.js';
import { images } from './images.js';
import {
  addressOfUrl,
  alertmanagerArguments,
  hostOf,
  isLoopback,
  portOf,
  prometheusArguments,
} from './start-commands.js';

/** `deploy/docker-compose.yml`. */
export function composeFile(settings: BundleSettings): BundleFile {
  const { config, targets, prometheus, alertmanager, grafanaUrl } = settings;
  const image = images[settings.target];
  const pushgateway = config.pushUrl === undefined ? undefined : addressOfUrl(config.pushUrl);
  const grafana = `grafana:${portOf(addressOfUrl(grafanaUrl))}`;
  // In a container with a network of its own, a loopback address would be the container's.
  const onHost = [
    prometheus,
    alertmanager,
    ...targets,
    ...(pushgateway === undefined ? [] : [pushgateway]),
  ].some(isLoopback);
  const networkMode = onHost ? 'host' : undefined;
  const networks = (address: string) => (onHost ? undefined : { default: { aliases: [hostOf(address)] } });
  const ports = (address: string) =>
    onHost ? undefined : [`127.0.0.1:${portOf(address)}:${portOf(address)}`];
  const listen = (address: string): string => (onHost ? address : `0.0.0.0:${portOf(address)}`);
  // A relative path is in the folder of prometheus.yml, which is mounted already.
  const tokenFile = config.tokenFile?.startsWith('/') ? config.tokenFile : undefined;
  return yamlFile(
    'deploy/docker-compose.yml',
    yaml`
services:
  prometheus:
    image: ${image.prometheus}
    # The retention is METRICS_RETENTION_DAYS.
    command: ${prometheusArguments(settings, {
      configFile: '/etc/prometheus/prometheus.yml',
      dataFolder: '/prometheus',
      listenAddress: listen(prometheus),
    })}
    volumes:
      - ../prometheus:/etc/prometheus:ro
      - prometheus-data:/prometheus
      - ${tokenFile && `${tokenFile}:${tokenFile}:ro`}
    network_mode: ${networkMode}
    networks: ${networks(prometheus)}
    ports: ${ports(prometheus)}
    restart: unless-stopped
  alertmanager:
    image: ${image.alertmanager}
    working_dir: /etc/alertmanager
    command: ${alertmanagerArguments(settings, { dataFolder: '/alertmanager', listenAddress: listen(alertmanager) })}
    volumes: ['../alertmanager:/etc/alertmanager:ro', 'alertmanager-data:/alertmanager']
    network_mode: ${networkMode}
    networks: ${networks(alertmanager)}
    ports: ${ports(alertmanager)}
    restart: unless-stopped
  grafana:
    image: ${image.grafana}
    environment:
      GF_SERVER_HTTP_ADDR: ${onHost ? '127.0.0.1' : undefined}
      GF_SERVER_HTTP_PORT: ${String(portOf(grafana))}
      GF_SERVER_ROOT_URL: ${grafanaUrl}
    volumes:
      - ../grafana/provisioning:/etc/grafana/provisioning:ro
      - ../grafana/dashboards:/var/lib/grafana/dashboards:ro
      - grafana-data:/var/lib/grafana
    network_mode: ${networkMode}
    networks: ${networks(grafana)}
    ports: ${ports(grafana)}
    restart: unless-stopped
  pushgateway: ${
    pushgateway && {
      image: image.pushgateway,
      command: [`--web.listen-address=${listen(pushgateway)}`],
      network_mode: networkMode,
      networks: networks(pushgateway),
      ports: ports(pushgateway),
      restart: 'unless-stopped',
    }
  }
volumes: { prometheus-data: {}, alertmanager-data: {}, grafana-data: {} }
`,
    [
      'In the folder of the bundle: docker compose -f deploy/docker-compose.yml up',
      onHost
        ? "The programs share the machine's network, since their addresses are those of this machine: the service is started beside them."
        : 'The programs find each other, and the service, by the names in their addresses: put the service into this network.',
      `The service is scraped at ${targets.join(', ')}.`,
    ].join('\n'),
  );
}
