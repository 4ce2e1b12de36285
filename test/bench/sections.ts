/** The parts of the bench: what each measures, shows and promises. */
import { type AttackMeasurement, attackTable, attackVerdicts, measureAttack } from './attack.js';
import { contenders } from './contenders/all.js';
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
import { type ExportMeasurement, exportTable, exportVerdicts, measureExport } from './export.js';
import { type GrowthMeasurement, growthTable, measureGrowth } from './growth.js';
import { type KoaMeasurement, koaTable, koaVerdicts, measureKoa } from './koa.js';
import { type Measurement, measureSideBySide } from './measure.js';
import { type MemoryResults, measureMemory, memoryTable, memoryVerdicts } from './memory.js';
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
  /** `quick`: in seconds and less exact, to see that it works. */
  readonly measure: (quick: boolean) => T | Promise<T>;
  /** Markdown. */
  readonly shown: (measured: T) => string;
  readonly verdicts: (measured: T) => Verdict[];
}

/** What each section measured, as it is written down. */
export interface Measured {
  readonly calls: readonly Measurement[];
  readonly decorators: readonly DecoratorMeasurement[];
  readonly recorders: readonly RecorderMeasurement[];
  readonly disabled: readonly DisabledMeasurement[];
  readonly attack: AttackMeasurement;
  readonly scrape: readonly ScrapeMeasurement[];
  readonly memory: MemoryResults;
  readonly koa: readonly KoaMeasurement[];
  readonly storm: StormResult;
  readonly export: ExportMeasurement;
  readonly startUp: readonly StartUpMeasurement[];
  readonly growth: readonly GrowthMeasurement[];
  readonly soak: SoakMeasurement;
  readonly dashboard: readonly DashboardMeasurement[];
}

export const sections: { readonly [Name in keyof Measured]: Section<Measured[Name]> } = {
  calls: {
    title: 'A call',
    measure: (quick) =>
      measureSideBySide({ contenders, rounds: quick ? 3 : 7, milliseconds: quick ? 10 : 60 }),
    shown: callTable,
    verdicts: callVerdicts,
  },
  decorators: {
    title: 'A call of a decorated method',
    measure: (quick) => measureDecorators({ rounds: quick ? 3 : 7, milliseconds: quick ? 10 : 60 }),
    shown: decoratorTable,
    verdicts: decoratorVerdicts,
  },
  recorders: {
    title: 'Recorders, presets and the wire',
    measure: (quick) => measureRecorders({ rounds: quick ? 3 : 7, milliseconds: quick ? 10 : 60 }),
    shown: recorderTable,
    verdicts: recorderVerdicts,
  },
  // After those of decorators that are on: in a process where something is off, they look whether they are.
  disabled: {
    title: 'Switched off',
    measure: (quick) => measureDisabled({ rounds: quick ? 3 : 7, milliseconds: quick ? 10 : 60 }),
    shown: disabledTable,
    verdicts: disabledVerdicts,
  },
  attack: {
    title: 'Under attack',
    measure: (quick) => measureAttack({ rounds: quick ? 50 : 500 }),
    shown: attackTable,
    verdicts: attackVerdicts,
  },
  scrape: {
    title: 'A scrape',
    measure: (quick) =>
      measureScrapes(
        quick ? { sets: 1_000, rounds: 3, roundsAlone: 5 } : { sets: 10_000, rounds: 7, roundsAlone: 60 },
      ),
    shown: scrapeTable,
    verdicts: scrapeVerdicts,
  },
  memory: {
    title: 'Memory',
    measure: (quick) => measureMemory(quick ? { sets: 2_000, rounds: 1 } : { sets: 10_000, rounds: 5 }),
    shown: memoryTable,
    verdicts: memoryVerdicts,
  },
  koa: {
    title: 'Koa',
    measure: (quick) =>
      measureKoa(
        quick ? { pairs: 10, requests: 20, processes: 2, warmUp: 500 } : { pairs: 420, requests: 100 },
      ),
    shown: koaTable,
    verdicts: koaVerdicts,
  },
  storm: {
    title: 'A storm of scrapes',
    measure: (quick) => storm({ milliseconds: quick ? 1_000 : 5_000 }),
    shown: stormReport,
    verdicts: stormVerdicts,
  },
  export: {
    title: 'Export',
    measure: () => measureExport({ series: 5_000 }),
    shown: exportTable,
    verdicts: exportVerdicts,
  },
  startUp: {
    title: 'Start-up',
    measure: (quick) => measureStartUp({ rounds: quick ? 3 : 25 }),
    shown: startUpTable,
    verdicts: startUpVerdicts,
  },
  growth: {
    title: 'Growth',
    measure: (quick) => measureGrowth({ most: quick ? 1_000 : 1_000_000 }),
    shown: (measured) =>
      `${growthTable(measured)}\n\n![Cost of a call, bytes, scrape time and stall from 10 to 1,000,000 label sets](growth.svg)`,
    verdicts: () => [],
  },
  soak: {
    title: 'A soak',
    measure: (quick) => measureSoak({ seconds: quick ? 5 : 180 }),
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

/** Measured sections as Markdown, each with its title. */
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
