/** Names in the bundle. They start with the service, so that several services can share Prometheus, Alertmanager and Grafana. */
import { createHash } from 'node:crypto';
import type { DashboardName } from './model.js';

/** Names derived from the service's name. */
export interface BundleIdentity {
  /** Prefix of rule groups, dashboard uids and templates: lower case, unique to the service. */
  readonly prefix: string;
  /** Name of the service in titles. */
  readonly title: string;
}

/** Grafana allows 40 characters in a uid, of which the longest suffix takes 11. */
const maxLength = 29;
const hashLength = 8;

/** `tamma` gets the prefix `tamma` and the title `Tamma`. The prefix of a long name, or one with other characters, ends with a hash. */
export function identityOf(service: string): BundleIdentity {
  const title = service.charAt(0).toUpperCase() + service.slice(1);
  if (/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(service) && service.length <= maxLength)
    return { prefix: service, title };
  const plain = plainName(service, maxLength - hashLength - 1);
  const hash = createHash('sha256').update(service).digest('hex').slice(0, hashLength);
  return { prefix: `${plain}-${hash}`, title };
}

/** A name of letters, digits and hyphens, as Kubernetes allows it: `My Agent` becomes `my-agent`. */
export function plainName(service: string, length: number): string {
  const plain = service
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+/, '')
    .slice(0, length)
    .replace(/-+$/, '');
  return plain === '' ? 'service' : plain;
}

/** The uid of a dashboard in Grafana. */
export function dashboardUid({ prefix }: Pick<BundleIdentity, 'prefix'>, dashboard: DashboardName): string {
  return `${prefix}-${dashboard}`;
}
