/** Grafana's own builders of dashboards, `@grafana/grafana-foundation-sdk`: an optional peer, loaded when dashboards are written. */
import { metricsError } from '../../errors.js';

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
  } catch (cause) {
    if (!isMissing(cause)) throw cause;
    throw metricsError(
      'ERR_METRICS_MISSING_PACKAGE',
      'Missing package `@grafana/grafana-foundation-sdk`: expected it beside this one, since the dashboards of the monitoring bundle are written with it. `npm install --save-dev @grafana/grafana-foundation-sdk@^0.0.21` brings it.',
      { cause },
    );
  }
}

/** Not there, or so old that it lacks a part. */
function isMissing(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return ['ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND', 'ERR_PACKAGE_PATH_NOT_EXPORTED'].includes(String(code));
}
