/** Alertmanager's configuration and templates. */
import type { BundleFile } from './model.js';
import type { BundleSettings } from './settings.js';

/** `alertmanager/alertmanager.yml` and its templates. */
export function alertmanagerFiles(_settings: BundleSettings): BundleFile[] {
  return [];
}
