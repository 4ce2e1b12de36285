/** Container images, pinned to the versions that the files are generated for and tested with. */
import type { PrometheusVersion } from '../settings.js';

export const images = Object.freeze({
  '2.42': {
    prometheus: 'prom/prometheus:v2.42.0',
    alertmanager: 'prom/alertmanager:v0.25.0',
    pushgateway: 'prom/pushgateway:v1.5.1',
    grafana: 'grafana/grafana:12.0.2',
  },
  '3': {
    prometheus: 'prom/prometheus:v3.5.0',
    alertmanager: 'prom/alertmanager:v0.28.1',
    pushgateway: 'prom/pushgateway:v1.11.1',
    grafana: 'grafana/grafana:12.0.2',
  },
}) satisfies Readonly<Record<PrometheusVersion, object>>;
