/** `tamma-metrics up`: runs Prometheus and Alertmanager with a bundle on this machine, until Ctrl-C. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as elapsed } from 'node:timers/promises';
import { alertmanagerArguments, prometheusArguments } from '../monitoring/deploy/start-commands.js';
import type { BundleEnvironment } from './bundle-options.js';
import { findMonitoringPrograms, type MonitoringPrograms } from './monitoring-programs.js';
import { type MonitoringState, monitoringState, stateChanges } from './monitoring-state.js';
import type { Paint } from './paint.js';
import { localHost } from './ports.js';
import { type RunningProgram, startProgram, untilReady } from './running-program.js';
import { type UpOptions, type UpPlan, upPlan } from './up-plan.js';

const readySeconds = 60;
const pollMilliseconds = 1_000;
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** The parts of a process that the command uses. */
export interface UpEnvironment extends BundleEnvironment {
  readonly paint: Paint;
  readonly say: (line: string) => void;
}

/**
 * Runs both programs until a signal is received or one of them ends.
 * @returns the exit code: 0 after a signal, 1 if a program exited or did not become ready
 * @throws an Error if nothing could be started
 */
export async function up(options: UpOptions, environment: UpEnvironment): Promise<number> {
  const programs = findMonitoringPrograms(environment.env.PATH);
  const stopping = new AbortController();
  const running: RunningProgram[] = [];
  const onSignal = (): void => {
    // A second signal does not wait for an orderly shutdown.
    if (stopping.signal.aborted) for (const program of running) program.kill();
    stopping.abort();
  };
  for (const signal of signals) process.on(signal, onSignal);
  try {
    const plan = await upPlan(options, environment);
    try {
      if (stopping.signal.aborted) return 0;
      running.push(...(await startBoth(plan, programs)));
      return await watched(plan, running, stopping.signal, environment);
    } finally {
      await Promise.all(running.map((program) => program.stop()));
      await plan.end();
    }
  } finally {
    for (const signal of signals) process.off(signal, onSignal);
  }
}

async function startBoth(plan: UpPlan, programs: MonitoringPrograms): Promise<RunningProgram[]> {
  const { folder, data, prometheusPort, alertmanagerPort, retentionDays } = plan;
  await mkdir(data, { recursive: true });
  const [prometheus, alertmanager] = [prometheusPort, alertmanagerPort].map(
    (port) => `${localHost}:${port}`,
  ) as [string, string];
  const settings = { config: { retentionDays }, prometheus, alertmanager };
  const start = (name: keyof MonitoringPrograms, address: string): RunningProgram => {
    const dataFolder = join(data, name);
    const given =
      name === 'prometheus'
        ? prometheusArguments(settings, { dataFolder })
        : alertmanagerArguments(settings, { dataFolder });
    // Alertmanager resolves the files of its receivers relative to its working directory.
    const cwd = name === 'prometheus' ? folder : join(folder, 'alertmanager');
    return startProgram(name, programs[name], given, `http://${address}`, cwd);
  };
  return [start('alertmanager', alertmanager), start('prometheus', prometheus)];
}

async function watched(
  plan: UpPlan,
  running: readonly RunningProgram[],
  stop: AbortSignal,
  { paint, say }: UpEnvironment,
): Promise<number> {
  const someEnded = new AbortController();
  const signal = AbortSignal.any([stop, someEnded.signal]);
  const end = Promise.race(running.map(({ ended }) => ended)).then((message) => {
    someEnded.abort();
    return message;
  });
  try {
    await Promise.all(running.map((program) => untilReady(program, signal, readySeconds)));
    if (!signal.aborted) {
      for (const { name, url, pid } of running) say(`${paint.bold(name)} ${url} (pid ${pid})`);
      say(
        plan.isTemporary
          ? 'Their data is removed at the end; use --dir to keep it. Press Ctrl-C to stop.'
          : `Their data is kept for ${plan.retentionDays} days in ${plan.data}. Press Ctrl-C to stop.`,
      );
      await printChanges(running.find(({ name }) => name === 'prometheus')?.url ?? '', signal, {
        paint,
        say,
      });
    }
  } catch (error) {
    if (!signal.aborted) {
      say(paint.yellow((error as Error).message));
      return 1;
    }
  }
  if (stop.aborted) return 0;
  say(paint.yellow(await end));
  return 1;
}

/** Prints changes of targets and alerts until `signal` is aborted. If Prometheus does not respond, the next poll asks again. */
async function printChanges(
  url: string,
  signal: AbortSignal,
  { paint, say }: Pick<UpEnvironment, 'paint' | 'say'>,
): Promise<void> {
  let before: MonitoringState = new Map();
  while (!signal.aborted) {
    const after = await monitoringState(url, signal).catch(() => before);
    for (const line of stateChanges(before, after, paint))
      say(`${new Date().toLocaleTimeString('en-GB')} ${line}`);
    before = after;
    await elapsed(pollMilliseconds, undefined, { signal }).catch(() => undefined);
  }
}
