/** A Prometheus endpoint as a target of the dashboard. */
import { type Clock, systemClock } from '../clock.js';
import { exposedFamilies } from './exposed-families.js';
import { listeners } from './listeners.js';
import { MetricsHistory } from './metrics-history.js';
import { startSampler } from './sampler.js';
import type { DashboardTarget, ReadingState } from './target.js';

export interface ScrapedTargetOptions {
  readonly id: string;
  readonly name: string;
  /** The shown URL, without credentials. */
  readonly url: string;
  /** Reads the exposition, in any format. */
  readonly read: () => Promise<Buffer>;
  readonly intervalSeconds: number;
  /** The maximum number of samples per metric. */
  readonly maxSamples: number;
  /** Replaced in tests. */
  readonly clock?: Clock;
}

/** Metrics that say what runs, by the label that names it. */
const aboutMetrics = ['build_info', 'node_exporter_build_info', 'prometheus_build_info', 'go_info'];

export function scrapedTarget(options: ScrapedTargetOptions): DashboardTarget {
  const { id, name, url, read, intervalSeconds, maxSamples, clock = systemClock } = options;
  const history = new MetricsHistory(maxSamples);
  let state: ReadingState = {
    isUp: false,
    time: clock.timestamp(),
    error: `\`${url}\` has not answered yet.`,
  };
  const failed = (error: unknown): void => {
    const { message } = error instanceof Error ? error : new Error(String(error));
    state = { isUp: false, time: clock.timestamp(), error: message };
  };
  const afterReading = listeners(failed);
  const sampler = startSampler({
    clock,
    intervalSeconds,
    openSeconds: intervalSeconds,
    async read() {
      const time = clock.timestamp();
      const start = performance.now();
      try {
        for (const family of exposedFamilies(await read())) history.readFamily(time, family);
        history.forget(time);
        state = { isUp: true, time };
      } catch (error) {
        history.gap(time);
        failed(error);
      }
      afterReading.notify(time);
      return performance.now() - start;
    },
  });
  return {
    id,
    name,
    url,
    history,
    isOwn: false,
    get about() {
      const metric = aboutMetrics.find((each) => history.storeOf(each) !== undefined);
      return metric === undefined ? {} : (history.storeOf(metric)?.tracks[0]?.labels ?? {});
    },
    get state() {
      return state;
    },
    get intervalSeconds() {
      return sampler.intervalSeconds;
    },
    open: () => sampler.open(),
    failed,
    onReading: (listener) => afterReading.add(listener),
    readNow: () => sampler.readNow(),
    stop: () => sampler.stop(),
  };
}
