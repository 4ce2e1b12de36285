/** Loads Grafana's builders, `@grafana/grafana-foundation-sdk`: an optional peer, loaded only when dashboards are written. */
import { missingPackage } from '../optional-package.js';

export type Foundation = Awaited<ReturnType<typeof loadFoundation>>;

/** @throws ERR_METRICS_MISSING_PACKAGE */
export async function loadFoundation() {
  try {
    const [dashboard, common, prometheus, timeseries, stat, gauge, heatmap, table] = await Promise.all([
      import('@grafana/grafana-foundation-sdk/dashboard'),
      import('@grafana/grafana-foundation-sdk/common'),
      import('@grafana/grafana-foundation-sdk/prometheus'),
      import('@grafana/grafana-foundation-sdk/timeseries'),
      import('@grafana/grafana-foundation-sdk/stat'),
      import('@grafana/grafana-foundation-sdk/gauge'),
      import('@grafana/grafana-foundation-sdk/heatmap'),
      import('@grafana/grafana-foundation-sdk/table'),
    ]);
    return { dashboard, common, prometheus, timeseries, stat, gauge, heatmap, table };
  } catch (error) {
    throw missingPackage(error, '@grafana/grafana-foundation-sdk');
  }
}
