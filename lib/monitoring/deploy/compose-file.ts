/** Prometheus, Alertmanager, Grafana and, if the service pushes, a Pushgateway for Docker Compose. */
import type { BundleFile } from '../model.js';
import type { BundleSettings } from '../settings.js';
import { yamlFile, yamlTemplate } from '../yaml-file.js';
import {
  addressOfUrl,
  alertmanagerArguments,
  hostOf,
  imagesOf,
  isLoopback,
  portOf,
  prometheusArguments,
} from './start-commands.js';

/** `deploy/docker-compose.yml`. */
export function composeFile(settings: BundleSettings): BundleFile {
  const { config, targets, prometheus, alertmanager, grafanaUrl } = settings;
  const image = imagesOf(settings);
  const gateways = config.pushUrl === undefined ? [] : [addressOfUrl(config.pushUrl)];
  // In a container with a network of its own, a loopback address would be the container's.
  const onHost = [prometheus, alertmanager, ...targets, ...gateways].some(isLoopback);
  const listen = (address: string): string => (onHost ? address : `0.0.0.0:${portOf(address)}`);
  const network = (address: string): object =>
    onHost
      ? { network_mode: 'host' }
      : {
          networks: { default: { aliases: [hostOf(address)] } },
          ports: [`127.0.0.1:${portOf(address)}:${portOf(address)}`],
        };
  const grafanaPort = portOf(addressOfUrl(grafanaUrl));
  // A relative path is in the folder of prometheus.yml, which is mounted already.
  const tokenFile = config.tokenFile?.startsWith('/') ? config.tokenFile : undefined;
  const prometheusOptions = {
    configFile: '/etc/prometheus/prometheus.yml',
    dataFolder: '/prometheus',
    listenAddress: listen(prometheus),
  };
  const alertmanagerOptions = { dataFolder: '/alertmanager', listenAddress: listen(alertmanager) };
  const values = {
    image,
    tokenVolume: tokenFile && `${tokenFile}:${tokenFile}:ro`,
    prometheus: { command: prometheusArguments(settings, prometheusOptions), ...network(prometheus) },
    alertmanager: { command: alertmanagerArguments(settings, alertmanagerOptions), ...network(alertmanager) },
    grafana: {
      address: onHost ? '127.0.0.1' : undefined,
      port: String(grafanaPort),
      url: grafanaUrl,
      ...network(`grafana:${grafanaPort}`),
    },
    pushgateway: gateways.map((address) => ({
      image: image.pushgateway,
      command: [`--web.listen-address=${listen(address)}`],
      ...network(address),
      restart: 'unless-stopped',
    }))[0],
  };
  const about = [
    'In the folder of the bundle: docker compose -f deploy/docker-compose.yml up',
    onHost
      ? "The containers use the host's network, since the addresses are loopback addresses: start the service on the host."
      : 'The containers reach each other and the service by the host names in the addresses: put the service into this network.',
    `The service is scraped at ${targets.join(', ')}.`,
  ].join('\n');
  return yamlFile('deploy/docker-compose.yml', yamlTemplate('deploy/docker-compose.yml', values), about);
}
