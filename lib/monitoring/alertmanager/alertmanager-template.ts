/** The templates of notifications, which the receivers use. */
import type { BundleIdentity } from '../bundle-identity.js';
import { filledText } from '../text-template.js';

/** Path of the templates, relative to `alertmanager/`. */
export function templatePath({ prefix }: Pick<BundleIdentity, 'prefix'>): string {
  return `templates/${prefix}.tmpl`;
}

/** The template file. */
export function notificationTemplate({ prefix }: Pick<BundleIdentity, 'prefix'>): string {
  return filledText('alertmanager/notifications.tmpl', { prefix });
}
