/** Images of the programs, pinned: what the files were made and checked for. */
import type { PrometheusVersion } from '../settings.js';

export interface Images {
  readonly prometheus: string;
  readonly alertmanager: string;
  readonly pushgateway: string;
  readonly grafana: string;
}

export const images: Readonly<Record<PrometheusVersion, Images>> = Object.freeze({
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
});
