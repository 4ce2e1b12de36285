/** A server for metrics and health on a host and port of its own, separate from the server of the app. */
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { metricsConfigOf } from '../lib/config.js';
import type { CompleteMetricsConfig, MetricsConfig } from '../lib/config-settings.js';
import { metricsError, shown } from '../lib/errors.js';
import type { HealthChecks } from '../lib/health.js';
import { checkFactoryOptions } from '../lib/option-checks.js';
import type { OptionNames } from '../lib/option-names.js';
import { closable } from './close-server.js';
// A type only: a dashboard is loaded if it is configured.
import type { MountedDashboard } from './dashboard/mounted-dashboard.js';
import { endpointFinder } from './endpoint.js';
import { healthEndpoints } from './health-endpoints.js';
import { nodeHandler } from './node-answer.js';
import { givenDashboard, type ServedDashboard, servedOptionNames } from './page-option.js';
import { codeOptionNames, type ScrapeEndpointOptions, scrapeEndpoint } from './scrape-endpoint.js';

/** The TLS files of the metrics server, in PEM format. They are read once, when the server starts. */
export interface ServerTls {
  /** Path of the private key. */
  readonly keyFile: string;
  /** Path of the certificate, with its chain. */
  readonly certFile: string;
  /** Path of the authority whose client certificates are required (mutual TLS). Default: no client certificate. */
  readonly caFile?: string;
}

/** The options of `startMetricsServer`. Path and token are settings of `MetricsConfig`. */
export interface MetricsServerOptions extends Omit<ScrapeEndpointOptions, 'path' | 'token' | 'tokenFile'> {
  /** The checks on which readiness depends. Default: none. */
  readonly checks?: HealthChecks;
  /**
   * Whether health responses include the reason why a check failed. Default: true, since clients of this port may read the
   * metrics too.
   */
  readonly details?: boolean;
  /** The certificate with which the server uses TLS. Default: plain HTTP. */
  readonly tls?: ServerTls;
  /**
   * Whether the live dashboard is served at `/dashboard`, or its options. Access rules, checks and cluster are those of the server.
   * Default: false.
   */
  readonly dashboard?: boolean | ServedDashboard;
}

/** A running metrics server. */
export interface MetricsServer {
  /** `http://host:port`, or `https://` with TLS. */
  readonly url: string;
  /** The port; the one assigned by the operating system if METRICS_PORT is 0. */
  readonly port: number;
  /**
   * Accepts no more requests, finishes those in progress, and destroys the connections left after the deadline. Without
   * requests in progress it closes immediately.
   * @param options `deadlineSeconds`, default 5
   */
  close(options?: { readonly deadlineSeconds?: number }): Promise<void>;
  /** Closes the server, for `await using server = await startMetricsServer()`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Starts a server for `GET /metrics` and the health endpoints, on the host, port and path of the configuration
 * (METRICS_ENDPOINT, METRICS_PORT, METRICS_PATH, METRICS_TOKEN, METRICS_TOKEN_FILE). With METRICS_ENABLED=false it serves
 * health only, and /metrics is 404.
 * @throws ERR_METRICS_LISTEN if it cannot listen there; ERR_METRICS_INVALID_OPTION for invalid options or unreadable files
 * @example
 * const { url, close } = await startMetricsServer(loadMetricsConfig(), { checks });
 * @see https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/
 */
export async function startMetricsServer(
  config: Partial<MetricsConfig> = {},
  options: MetricsServerOptions = {},
): Promise<MetricsServer> {
  checkFactoryOptions('startMetricsServer', options, optionNames);
  const settings = metricsConfigOf(config);
  const { enabled, host, port, path, token, tokenFile } = settings;
  const { checks, details = true, tls, dashboard = false, ...scrape } = options;
  const page = givenDashboard('startMetricsServer', dashboard, servedOptionNames);
  // Before the health checks, which register metrics.
  const server = tls === undefined ? createServer() : secureServer(tls);
  const ofMetrics = [
    ...(enabled ? [scrapeEndpoint('startMetricsServer', { ...scrape, path, token, tokenFile })] : []),
    ...healthEndpoints('startMetricsServer', { ...(checks === undefined ? {} : { checks }), details }),
  ];
  // After all checks, since it starts to read the registry.
  const mounted = enabled && dashboard !== false ? await served(page, settings, options) : undefined;
  server.on('request', nodeHandler(endpointFinder([...ofMetrics, ...(mounted?.endpoints ?? [])])));
  const close = closable(server);
  try {
    await listening(server, host, port);
  } catch (error) {
    await mounted?.close();
    throw error;
  }
  const taken = (server.address() as AddressInfo).port;
  let closing: Promise<void> | undefined;
  const closeOnce: MetricsServer['close'] = ({ deadlineSeconds = 5 } = {}) => {
    // Open pages would be waited for.
    mounted?.endStreams();
    closing ??= Promise.all([close(deadlineSeconds), mounted?.close()]).then(() => {});
    return closing;
  };
  return {
    port: taken,
    url: `${tls === undefined ? 'http' : 'https'}://${host.includes(':') && !host.startsWith('[') ? `[${host}]` : host}:${taken}`,
    close: closeOnce,
    [Symbol.asyncDispose]: () => closeOnce(),
  };
}

const optionNames = {
  ...codeOptionNames,
  checks: true,
  details: true,
  tls: true,
  dashboard: true,
} satisfies OptionNames<MetricsServerOptions>;

async function served(
  page: ServedDashboard,
  { labels, token, tokenFile, scrapeIntervalSeconds, retention }: CompleteMetricsConfig,
  { registry, checks, details = true, cluster, basicAuth, allowFrom, trustedProxies }: MetricsServerOptions,
): Promise<MountedDashboard> {
  const where = 'startMetricsServer';
  const { mountedDashboard } = await import('./dashboard/mounted-dashboard.js');
  const given = { registry, checks, cluster, basicAuth, allowFrom, trustedProxies, token, tokenFile };
  return mountedDashboard(where, {
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
    title: labels.service,
    intervalSeconds: scrapeIntervalSeconds,
    retentionSamples: retention.samples,
    details,
    ...page,
  });
}

function secureServer({ keyFile, certFile, caFile }: ServerTls): Server {
  const [key, cert, ca] = [
    pem('keyFile', keyFile),
    pem('certFile', certFile),
    caFile === undefined ? undefined : pem('caFile', caFile),
  ];
  try {
    return createTlsServer({
      key,
      cert,
      ...(ca === undefined ? {} : { ca, requestCert: true, rejectUnauthorized: true }),
    });
  } catch (error) {
    throw metricsError(
      'ERR_METRICS_INVALID_OPTION',
      `Invalid \`tls\` of startMetricsServer: expected a key and the certificate made for it, received ${shown(keyFile)} and ${shown(certFile)}: ${(error as Error).message}.`,
      { cause: error },
    );
  }
}

function pem(option: string, file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw metricsError(
      'ERR_METRICS_INVALID_OPTION',
      `Invalid \`tls.${option}\` of startMetricsServer: expected a file that can be read, received ${shown(file)}: ${(error as Error).message}.`,
      { cause: error },
    );
  }
}

async function listening(server: Server, host: string, port: number): Promise<void> {
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, host.replace(/^\[(.*)\]$/, '$1'), () => {
        server.off('error', reject);
        resolve();
      });
    });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why: Readonly<Record<string, string>> = {
      EADDRINUSE: 'it is in use; choose another METRICS_PORT, or 0 for a free one',
      EACCES: 'this user may not use it; choose a METRICS_PORT above 1023',
      EADDRNOTAVAIL: 'this machine has no such address; choose another METRICS_ENDPOINT',
      ENOTFOUND: 'the host name is unknown; choose another METRICS_ENDPOINT',
    };
    throw metricsError(
      'ERR_METRICS_LISTEN',
      `Cannot listen on \`${host}:${port}\`: expected a host and port that are free, received ${code ?? 'an error'}: ${why[code ?? ''] ?? (error as Error).message}.`,
      { cause: error },
    );
  }
}
