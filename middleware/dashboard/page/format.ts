/** Numbers as a person reads them: three significant digits, and one unit for all ticks of an axis. */
import type { FeedUnit } from '../../../lib/history/panel.js';

/** A number and its unit as two texts, since the unit is set in a smaller type. */
export interface Shown {
  readonly value: string;
  readonly unit: string;
}

interface Step {
  /** The step applies to values from here on. */
  readonly from: number;
  /** The unit of this step, in the base unit. */
  readonly size: number;
  readonly unit: string;
}

const decimal = (suffix: string): readonly Step[] => [
  { from: 1e9, size: 1e9, unit: `G${suffix}` },
  { from: 1e6, size: 1e6, unit: `M${suffix}` },
  { from: 1e4, size: 1e3, unit: `k${suffix}` },
  { from: 0, size: 1, unit: suffix },
];

const binary = (suffix: string): readonly Step[] => [
  { from: 2 ** 30, size: 2 ** 30, unit: `GiB${suffix}` },
  { from: 2 ** 20, size: 2 ** 20, unit: `MiB${suffix}` },
  { from: 2 ** 10, size: 2 ** 10, unit: `KiB${suffix}` },
  { from: 0, size: 1, unit: `B${suffix}` },
];

const fixed = (unit: string, size = 1): readonly Step[] => [{ from: 0, size, unit }];

const durations: readonly Step[] = [
  { from: 172_800, size: 86_400, unit: 'd' },
  { from: 7_200, size: 3_600, unit: 'h' },
  { from: 120, size: 60, unit: 'min' },
  { from: 1, size: 1, unit: 's' },
  { from: 1e-3, size: 1e-3, unit: 'ms' },
  { from: Number.MIN_VALUE, size: 1e-6, unit: 'µs' },
  { from: 0, size: 1, unit: 's' },
];

const steps: Readonly<Record<FeedUnit, readonly Step[]>> = {
  none: decimal(''),
  perSecond: decimal('/s'),
  perMinute: decimal('/min'),
  seconds: durations,
  bytes: binary(''),
  bytesPerSecond: binary('/s'),
  share: fixed('%', 0.01),
  usd: fixed('$'),
  usdPerHour: fixed('$/h'),
  cores: fixed('cores'),
  timestamp: fixed(''),
};

function stepFor(largest: number, unit: FeedUnit): Step {
  return steps[unit].find(({ from }) => largest >= from) ?? { from: 0, size: 1, unit: '' };
}

function digits(value: number): string {
  const size = Math.abs(value);
  const decimals = size === 0 || size >= 100 ? 0 : size >= 10 ? 1 : 2;
  if (size > 0 && size < 0.01) return Number(value.toPrecision(2)).toString();
  return value.toLocaleString('en-US', { minimumFractionDigits: 0, maximumFractionDigits: decimals });
}

/** Shows one value: `{ value: '12.3', unit: 'ms' }`. Missing and NaN values are a dash. */
export function shown(value: number | null | undefined, unit: FeedUnit): Shown {
  if (value === null || value === undefined || Number.isNaN(value)) return { value: '–', unit: '' };
  if (!Number.isFinite(value)) return { value: value > 0 ? '∞' : '−∞', unit: '' };
  if (unit === 'timestamp') return { value: clockText(value), unit: '' };
  const step = stepFor(Math.abs(value), unit);
  const scaled = value / step.size;
  const text = unit.startsWith('usd')
    ? scaled.toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: scaled < 1 ? 4 : 2 })
    : digits(scaled);
  return { value: text.replace('-', '−'), unit: step.unit };
}

/** One value as one text: `12.3 ms`, `4 %`, `$1.20`. */
export function shownText(value: number | null | undefined, unit: FeedUnit): string {
  const { value: number, unit: suffix } = shown(value, unit);
  if (suffix.startsWith('$')) return `$${number}${suffix.slice(1)}`;
  return joined(number, suffix);
}

/** `12k`, `12/s`, but `12 ms`. */
function joined(number: string, unit: string): string {
  return /^[kMG]?(\/|$)/.test(unit) ? number + unit : `${number} ${unit}`;
}

function isWhole(number: number): boolean {
  return Math.abs(number - Math.round(number)) < 1e-6;
}

/** The distances of ticks that are round in a unit; `undefined`: powers of ten and their halves and fifths. */
export function roundGaps(unit: FeedUnit): number[] | undefined {
  if (unit === 'bytes' || unit === 'bytesPerSecond')
    return Array.from({ length: 50 }, (_, power) => 2 ** power);
  if (unit !== 'seconds') return undefined;
  const small = Array.from({ length: 8 }, (_, power) =>
    [1, 2, 5].map((digit) => digit * 10 ** (power - 7)),
  ).flat();
  return [
    ...small,
    10,
    20,
    30,
    60,
    120,
    300,
    600,
    1_200,
    1_800,
    3_600,
    7_200,
    21_600,
    43_200,
    86_400,
    172_800,
    604_800,
  ];
}

/** The ticks of an axis, all in the unit of the largest and with the same decimals. */
export function tickTexts(ticks: readonly number[], unit: FeedUnit): string[] {
  const largest = ticks.reduce((high, tick) => Math.max(high, Math.abs(tick)), 0);
  if (unit === 'timestamp') return ticks.map(clockText);
  const own = stepFor(largest, unit);
  // There is less space than in a tile.
  const isThousands = largest >= 1e3 && own.size === 1 && steps[unit][2]?.size === 1e3;
  const step = isThousands ? (steps[unit][2] ?? own) : own;
  const gap = Math.abs((ticks[1] ?? largest) - (ticks[0] ?? 0)) / step.size;
  const decimals = [0, 1, 2, 3, 4, 5].find((count) => isWhole(gap * 10 ** count)) ?? 6;
  return ticks.map((tick) => {
    if (tick === 0) return '0';
    const number = (tick / step.size).toLocaleString('en-US', {
      minimumFractionDigits: decimals,
      maximumFractionDigits: decimals,
    });
    if (step.unit.startsWith('$')) return `$${number}`;
    return unit === 'cores' ? number : joined(number, step.unit);
  });
}

const time = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const minute = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });

/** Unix seconds as local time of day: `14:03:07`. */
export function clockText(seconds: number): string {
  return time.format(seconds * 1000);
}

/** Unix seconds on a time axis whose ticks are `gap` seconds apart. */
export function timeTick(seconds: number, gap: number): string {
  if (gap >= 86_400) return day.format(seconds * 1000);
  return (gap < 60 ? time : minute).format(seconds * 1000);
}

/** How long ago, or a span in general: `15 s`, `6 h`. */
export function spanText(seconds: number): string {
  return shownText(Math.round(seconds), 'seconds');
}
