/** Names and labels that the manifests share. */
import type { BundleSettings } from '../settings.js';

/** The service's name as Kubernetes allows it: `My Agent` becomes `my-agent`. */
export function nameInKubernetes({ job }: Pick<BundleSettings, 'job'>): string {
  const name = job
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+/, '')
    .slice(0, 40)
    .replace(/-+$/, '');
  return name === '' ? 'service' : name;
}

/** The labels that selectors match. */
export function labelsOf(
  settings: Pick<BundleSettings, 'job'>,
  component: string,
): Readonly<Record<string, string>> {
  return {
    'app.kubernetes.io/name': component,
    'app.kubernetes.io/part-of': nameInKubernetes(settings),
  };
}

/** Name of the Secret with the token for scrapes; `undefined` where they need none. */
export function tokenSecret(settings: BundleSettings): string | undefined {
  const { token, tokenFile } = settings.config;
  return (token ?? tokenFile) === undefined ? undefined : `${nameInKubernetes(settings)}-metrics-token`;
}
