/** Names and labels that the manifests share. */
import type { BundleSettings } from '../settings.js';

/** The name of the service in Kubernetes, which takes fewer characters than Prometheus: `My Agent` is `my-agent`. */
export function nameInKubernetes({ job }: Pick<BundleSettings, 'job'>): string {
  const name = job
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+/, '')
    .slice(0, 40)
    .replace(/-+$/, '');
  return name === '' ? 'service' : name;
}

/** The labels by which things find each other. */
export function labelsOf(
  settings: Pick<BundleSettings, 'job'>,
  component: string,
): Readonly<Record<string, string>> {
  return {
    'app.kubernetes.io/name': component,
    'app.kubernetes.io/part-of': nameInKubernetes(settings),
  };
}

/** Whether a scrape must show a token: it is in a Secret of this name then. */
export function tokenSecret(settings: BundleSettings): string | undefined {
  const { token, tokenFile } = settings.config;
  return token === undefined && tokenFile === undefined
    ? undefined
    : `${nameInKubernetes(settings)}-metrics-token`;
}
