/** The sections of the benchmark: what each measures, its table and its targets. */
import { type AttackMeasurement, attackTable, attackVerdicts, measureAttack } from './attack.js';
import { measureCalls } from './calls.js';
import {
  type DashboardMeasurement,
  dashboardTable,
  dashboardVerdicts,
  measureDashboard,
} from './dashboard.js';
import {
  type DecoratorMeasurement,
  decoratorTable,
  decoratorVerdicts,
  measureDecorators,
} from './decorators.js';
import { type DisabledMeasurement, disabledTable, disabledVerdicts, measureDisabled } from './disabled.js';
import { type ExemplarMeasurement, exemplarTable, exemplarVerdicts, measureExemplars } from './exemplars.js';
import { type ExportMeasurement, exportTable, exportVerdicts, measureExport } from './export.js';
import { type GrowthMeasurement, growthTable, measureGrowth } from './growth.js';
import { type KoaMeasurement, koaTable, koaVerdicts, measureKoa } from './koa.js';
import { type LadderMeasurement, ladderTable, ladderVerdicts, measureLadders } from './ladder.js';
import type { Measurement } from './measure.js';
import { type MemoryResults, measureMemory, memoryTable, memoryVerdicts } from './memory.js';
import { measureNative, type NativeMeasurement, nativeTable, nativeVerdicts } from './native.js';
import { measureRecorders, type RecorderMeasurement, recorderTable, recorderVerdicts } from './recorders.js';
import { callTable } from './report.js';
import { measureScrapes, type ScrapeMeasurement, scrapeTable, scrapeVerdicts } from './scrape.js';
import { measureSoak, type SoakMeasurement, soakTable, soakVerdicts } from './soak.js';
import { measureStartUp, type StartUpMeasurement, startUpTable, startUpVerdicts } from './start-up.js';
import { type StormResult, storm, stormReport, stormVerdicts } from './storm.js';
import { callVerdicts } from './targets.js';
import type { Verdict } from './verdict.js';

export interface Section<T> {
  readonly title: string;
  /** `quick`: in seconds and less accurate, to see that it works. */
  readonly measure: (quick: boolean) => T | Promise<T>;
  /** Markdown. */
  readonly shown: (measured: T) => string;
  readonly verdicts: (measured: T) => Verdict[];
}

/** The measurements of each section, as they are written to the results file. */
export interface Measured {
  readonly calls: readonly Measurement[];
  readonly decorators: readonly DecoratorMeasurement[];
  readonly recorders: readonly RecorderMeasurement[];
  readonly disabled: readonly DisabledMeasurement[];
  readonly exemplars: readonly ExemplarMeasurement[];
  readonly attack: AttackMeasurement;
  readonly scrape: readonly ScrapeMeasurement[];
  readonly native: NativeMeasurement;
  readonly memory: MemoryResults;
  readonly koa: readonly KoaMeasurement[];
  readonly ladder: LadderMeasurement;
  readonly storm: StormResult;
  readonly export: ExportMeasurement;
  readonly startUp: readonly StartUpMeasurement[];
  readonly growth: readonly GrowthMeasurement[];
  readonly soak: SoakMeasurement;
  readonly dashboard: readonly DashboardMeasurement[];
}

export const sections: { readonly [Name in keyof Measured]: Section<Measured[Name]> } = {
  calls: {
    title: 'Calls',
    measure: (quick) =>
      measureCalls(
        quick ? { processes: 1, rounds: 3, milliseconds: 10 } : { processes: 3, rounds: 3, milliseconds: 40 },
      ),
    shown: callTable,
    verdicts: callVerdicts,
  },
  decorators: {
    title: 'Decorated methods',
    measure: (quick) => measureDecorators({ rounds: quick ? 3 : 7, milliseconds: quick ? 10 : 60 }),
    shown: decoratorTable,
    verdicts: decoratorVerdicts,
  },
  recorders: {
    title: 'Recorders, presets and outgoing requests',
    measure: (quick) => measureRecorders({ rounds: quick ? 3 : 7, milliseconds: quick ? 10 : 60 }),
    shown: recorderTable,
    verdicts: recorderVerdicts,
  },
  // After the enabled decorators: if any registry is disabled, all decorators of the process check their own.
  disabled: {
    title: 'Disabled registry',
    measure: (quick) => measureDisabled({ rounds: quick ? 3 : 7, milliseconds: quick ? 10 : 60 }),
    shown: disabledTable,
    verdicts: disabledVerdicts,
  },
  exemplars: {
    title: 'Exemplars',
    measure: (quick) => measureExemplars({ rounds: quick ? 1 : 7, milliseconds: quick ? 10 : 30 }),
    shown: exemplarTable,
    verdicts: exemplarVerdicts,
  },
  attack: {
    title: 'Under attack',
    measure: (quick) => measureAttack({ rounds: quick ? 50 : 500 }),
    shown: attackTable,
    verdicts: attackVerdicts,
  },
  scrape: {
    title: 'Scrapes',
    measure: (quick) =>
      measureScrapes(
        quick ? { sets: 1_000, rounds: 3, roundsAlone: 5 } : { sets: 10_000, rounds: 5, roundsAlone: 40 },
      ),
    shown: scrapeTable,
    verdicts: scrapeVerdicts,
  },
  native: {
    title: 'Native histograms and protobuf',
    measure: (quick) =>
      measureNative(
        quick
          ? { processes: 1, rounds: 3, milliseconds: 10, sets: 1_000 }
          : { processes: 3, rounds: 3, milliseconds: 40, sets: 10_000 },
      ),
    shown: nativeTable,
    verdicts: nativeVerdicts,
  },
  memory: {
    title: 'Memory',
    measure: (quick) => measureMemory(quick ? { sets: 2_000, rounds: 1 } : { sets: 10_000, rounds: 3 }),
    shown: memoryTable,
    verdicts: memoryVerdicts,
  },
  koa: {
    title: 'Koa',
    measure: (quick) =>
      measureKoa(
        quick
          ? { pairs: 40, requests: 100, processes: 2, warmUp: 3_000 }
          : { pairs: 270, requests: 100, processes: 6 },
      ),
    shown: koaTable,
    verdicts: koaVerdicts,
  },
  ladder: {
    title: 'Where the time of a request goes',
    measure: (quick) =>
      measureLadders(
        quick
          ? {
              koa: { processes: 1, pairs: 20, operations: 50 },
              messages: { processes: 1, pairs: 10, operations: 2_000 },
              fetch: { processes: 2, pairs: 4, operations: 20 },
              profiledRequests: 2_000,
            }
          : {
              koa: { processes: 3, pairs: 75, operations: 400 },
              messages: { processes: 3, pairs: 30, operations: 10_000 },
              // Two processes of the same code differ by 5 %.
              fetch: { processes: 8, pairs: 8, operations: 200 },
              profiledRequests: 200_000,
            },
      ),
    shown: ladderTable,
    verdicts: ladderVerdicts,
  },
  storm: {
    title: 'A storm of scrapes',
    measure: (quick) => storm({ milliseconds: quick ? 1_000 : 5_000 }),
    shown: stormReport,
    verdicts: stormVerdicts,
  },
  export: {
    title: 'Transferred bytes',
    measure: () => measureExport({ series: 5_000 }),
    shown: exportTable,
    verdicts: exportVerdicts,
  },
  startUp: {
    title: 'Start-up',
    measure: (quick) => measureStartUp({ rounds: quick ? 3 : 15 }),
    shown: startUpTable,
    verdicts: startUpVerdicts,
  },
  growth: {
    title: 'Growth',
    measure: (quick) => measureGrowth({ maxSets: quick ? 1_000 : 1_000_000 }),
    shown: (measured) =>
      `${growthTable(measured)}\n\n![Cost of a call, bytes, scrape time and stall from 10 to 1,000,000 label sets](growth.svg)`,
    verdicts: () => [],
  },
  soak: {
    title: 'Soak test',
    measure: (quick) => measureSoak({ seconds: quick ? 5 : 120 }),
    shown: soakTable,
    verdicts: soakVerdicts,
  },
  dashboard: {
    title: 'The live dashboard',
    measure: measureDashboard,
    shown: dashboardTable,
    verdicts: dashboardVerdicts,
  },
};

export type SectionName = keyof Measured;
export const sectionNames = Object.keys(sections) as SectionName[];

/** The measured sections as Markdown, each with its title. */
export function shownSections(measured: Partial<Measured>): string {
  return present(measured)
    .map((name) => `### ${sections[name].title}\n\n${shown(name, measured)}`)
    .join('\n\n');
}

export function allVerdicts(measured: Partial<Measured>): Verdict[] {
  return present(measured).flatMap((name) => verdictsOf(name, measured));
}

function present(measured: Partial<Measured>): SectionName[] {
  return sectionNames.filter((name) => measured[name] !== undefined);
}

function shown<Name extends SectionName>(name: Name, measured: Partial<Measured>): string {
  return sections[name].shown(measured[name] as Measured[Name]);
}

function verdictsOf<Name extends SectionName>(name: Name, measured: Partial<Measured>): Verdict[] {
  return sections[name].verdicts(measured[name] as Measured[Name]);
}
