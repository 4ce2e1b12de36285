/** What the files of a bundle are called: after the service, so that several can share a Prometheus, an Alertmanager and a Grafana. */
import { createHash } from 'node:crypto';
import type { DashboardName } from './model.js';

export interface BundleIdentity {
  /** What names begin with: groups of rules, uids of dashboards, templates. Lower case; one service's alone. */
  readonly prefix: string;
  /** What people read. */
  readonly title: string;
}

/** Grafana takes 40 characters for a uid, of which the longest ending has 11. */
const maxLength = 29;
const hashLength = 8;

/** `tamma` is called `tamma` and `Tamma`. A name with other characters, or a long one, has a hash that tells it from its like. */
export function identityOf(service: string): BundleIdentity {
  const title = service.charAt(0).toUpperCase() + service.slice(1);
  if (/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(service) && service.length <= maxLength)
    return { prefix: service, title };
  const plain = service
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+/, '')
    .slice(0, maxLength - hashLength - 1)
    .replace(/-+$/, '');
  const hash = createHash('sha256').update(service).digest('hex').slice(0, hashLength);
  return { prefix: `${plain === '' ? 'service' : plain}-${hash}`, title };
}

/** The uid of a dashboard in Grafana. */
export function dashboardUid({ prefix }: Pick<BundleIdentity, 'prefix'>, dashboard: DashboardName): string {
  return `${prefix}-${dashboard}`;
}
