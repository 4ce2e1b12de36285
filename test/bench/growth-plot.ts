/** The growth study as four plots in one SVG, with a title for screen readers, legible in light and dark mode. */
import type { GrowthMeasurement } from './growth.js';

interface Panel {
  readonly title: string;
  /** `undefined` if it could not be measured: no point is drawn. */
  readonly value: (measurement: GrowthMeasurement) => number | undefined;
  /** Decades of the vertical axis. */
  readonly from: number;
  readonly to: number;
}

const panels: readonly Panel[] = [
  { title: 'ns per call', value: ({ call }) => call, from: 1, to: 4 },
  { title: 'bytes per label set', value: ({ bytes }) => bytes, from: 2, to: 5 },
  { title: 'ms per scrape', value: ({ scrape }) => scrape, from: -2, to: 5 },
  { title: 'longest stall, ms', value: ({ stall }) => stall, from: -2, to: 5 },
];

const colours: Readonly<Record<string, string>> = {
  '@tamma/observability': '#0b7285',
  'prom-client': '#c2410c',
};

const size = { width: 720, height: 520, plotWidth: 270, plotHeight: 170 };
/** Decades of label sets. */
const sets = { from: 1, to: 6 };

export function growthPlot(measurements: readonly GrowthMeasurement[]): string {
  const libraries = [...new Set(measurements.map(({ library }) => library))];
  const drawn = panels.map((panel, index) => {
    const x = 65 + (index % 2) * 350;
    const y = 60 + Math.floor(index / 2) * 235;
    return `<g transform="translate(${x} ${y})">${drawnPanel(panel, measurements, libraries)}</g>`;
  });
  const legend = libraries.map(
    (library, index) =>
      `<circle cx="${70 + index * 190}" cy="20" r="4" fill="${colours[library] ?? '#555'}"/><text x="${80 + index * 190}" y="24">${library}</text>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${size.height}" width="${size.width}" height="${size.height}" role="img" aria-labelledby="title" font-family="sans-serif" font-size="12" fill="#333">
<title id="title">Cost of a call, bytes per label set, scrape time and longest stall, from ten to a million label sets</title>
<rect width="100%" height="100%" fill="#fff"/>
${[...legend, ...drawn].join('\n')}
</svg>
`;
}

function drawnPanel(
  { title, value, from, to }: Panel,
  measurements: readonly GrowthMeasurement[],
  libraries: readonly string[],
): string {
  const { plotWidth, plotHeight } = size;
  const across = (count: number): number =>
    ((Math.log10(count) - sets.from) / (sets.to - sets.from)) * plotWidth;
  const up = (number: number): number => {
    const share = (Math.log10(number) - from) / (to - from);
    return plotHeight - Math.min(1, Math.max(0, share)) * plotHeight;
  };
  const columns = decades(sets.from, sets.to).map(
    (count) =>
      `<line x1="${across(count)}" x2="${across(count)}" y2="${plotHeight}" stroke="#ddd"/><text x="${across(count)}" y="${plotHeight + 16}" text-anchor="middle">${power(count)}</text>`,
  );
  const lines = decades(from, to).map(
    (number) =>
      `<line y1="${up(number)}" x2="${plotWidth}" y2="${up(number)}" stroke="#ddd"/><text x="-6" y="${up(number) + 4}" text-anchor="end">${power(number)}</text>`,
  );
  const series = libraries.map((library) => {
    const points = measurements
      .filter((measurement) => measurement.library === library)
      .flatMap((measurement) => {
        const measured = value(measurement);
        return measured === undefined ? [] : [[across(measurement.sets), up(measured)] as const];
      });
    const path = points.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(' ');
    const colour = colours[library] ?? '#555';
    return `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2"/>${points
      .map(([x, y]) => `<circle cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="3" fill="${colour}"/>`)
      .join('')}`;
  });
  return `<text y="-10" font-weight="bold">${title}</text>${columns.join('')}${lines.join('')}${series.join('')}<text x="${plotWidth / 2}" y="${plotHeight + 34}" text-anchor="middle">label sets</text>`;
}

function decades(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => 10 ** (from + index));
}

function power(number: number): string {
  if (number >= 1e6) return `${number / 1e6}M`;
  if (number >= 1e3) return `${number / 1e3}k`;
  return String(Number(number.toPrecision(1)));
}
