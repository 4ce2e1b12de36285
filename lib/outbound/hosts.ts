/** Maps hosts to services, which label outgoing requests. Unknown hosts are `other`. */
import { metricsError, shown } from '../errors.js';
import { otherValue } from '../label.js';

/** The labels of requests to a host. */
export interface HostTarget {
  /** Value of the `service` label. */
  readonly service: string;
  /** Git platform of the host, whose rate limits are recorded. Default: none. */
  readonly platform?: string;
  /** AI provider of the host, whose rate limits and retries are recorded. Default: none. */
  readonly provider?: string;
}

/**
 * Targets by host as in URLs: lower case, with the port unless it is the default of the scheme (`git.acme.com`,
 * `127.0.0.1:8080`). `*.acme.com` matches all subdomains; an exact host wins.
 */
export type HostTable = Readonly<Record<string, HostTarget>>;

const platform = (name: string): HostTarget => Object.freeze({ service: name, platform: name });
const provider = (name: string): HostTarget => Object.freeze({ service: name, provider: name });

/** The hosts that `instrumentFetch` knows without options: APIs of AI providers and git platforms. Frozen. */
export const knownHosts: HostTable = Object.freeze({
  'api.github.com': platform('github'),
  'uploads.github.com': platform('github'),
  'github.com': platform('github'),
  'gitlab.com': platform('gitlab'),
  'api.bitbucket.org': platform('bitbucket'),
  'bitbucket.org': platform('bitbucket'),
  'codeberg.org': platform('codeberg'),
  'dev.azure.com': platform('azure-devops'),
  'api.anthropic.com': provider('anthropic'),
  'api.openai.com': provider('openai'),
  '*.openai.azure.com': provider('azure-openai'),
  'generativelanguage.googleapis.com': provider('google'),
  'api.mistral.ai': provider('mistral'),
  'api.cohere.com': provider('cohere'),
  'api.deepseek.com': provider('deepseek'),
  'api.groq.com': provider('groq'),
  'api.x.ai': provider('xai'),
  'openrouter.ai': provider('openrouter'),
});

export const otherTarget: HostTarget = Object.freeze({ service: otherValue });

/** Maximum number of cached origins. */
const maxOrigins = 1_000;

/**
 * Finds the target of an origin (`https://api.github.com`).
 * @throws ERR_METRICS_INVALID_OPTION for a host that can never match, or a target without a service
 */
export function targetFinder(hosts: HostTable = {}): (origin: string) => HostTarget {
  checkHosts(hosts);
  const table = new Map(Object.entries({ ...knownHosts, ...lowerCased(hosts) }));
  const kept = new Map<string, HostTarget>();
  return (origin) => {
    const existing = kept.get(origin);
    if (existing !== undefined) return existing;
    const target = found(table, origin);
    if (kept.size < maxOrigins) kept.set(origin, target);
    return target;
  };
}

function found(table: ReadonlyMap<string, HostTarget>, origin: string): HostTarget {
  if (!URL.canParse(origin)) return otherTarget;
  const { host, hostname, protocol } = new URL(origin);
  const exact = table.get(host) ?? table.get(`${hostname}:${protocol === 'http:' ? 80 : 443}`);
  if (exact !== undefined) return exact;
  for (let dot = host.indexOf('.'); dot !== -1; dot = host.indexOf('.', dot + 1)) {
    const below = table.get(`*${host.slice(dot)}`);
    if (below !== undefined) return below;
  }
  return otherTarget;
}

function lowerCased(hosts: HostTable): HostTable {
  return Object.fromEntries(Object.entries(hosts).map(([host, target]) => [host.toLowerCase(), target]));
}

function checkHosts(hosts: unknown): void {
  if (typeof hosts !== 'object' || hosts === null) {
    throw metricsError(
      'ERR_METRICS_INVALID_OPTION',
      `Invalid \`hosts\` of instrumentFetch: expected targets by host, received ${shown(hosts)}.`,
    );
  }
  for (const [host, target] of Object.entries(hosts)) {
    const bare = host.startsWith('*.') ? host.slice(2) : host;
    if (bare === '' || /[/*@?#\s]/.test(bare) || !URL.canParse(`http://${bare}`)) {
      throw metricsError(
        'ERR_METRICS_INVALID_OPTION',
        `Invalid host \`${host}\` in \`hosts\` of instrumentFetch: expected a host as URLs have it, such as \`git.acme.com\`, \`127.0.0.1:8080\` or \`*.acme.com\`, without scheme and path.`,
      );
    }
    const { service, platform, provider } = (target ?? {}) as Partial<Record<keyof HostTarget, unknown>>;
    const odd = Object.keys(target ?? {}).find((name) => !['service', 'platform', 'provider'].includes(name));
    const named = (name: unknown): boolean => typeof name === 'string' && name !== '';
    if (
      odd === undefined &&
      named(service) &&
      [platform, provider].every((name) => name === undefined || named(name))
    )
      continue;
    throw metricsError(
      'ERR_METRICS_INVALID_OPTION',
      `Invalid target of host \`${host}\` in \`hosts\` of instrumentFetch: expected { service, platform?, provider? } with names that are not empty, received ${odd === undefined ? shown(target) : `an unknown \`${odd}\``}.`,
    );
  }
}
