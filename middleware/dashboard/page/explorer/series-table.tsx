/** The lines of a chart as a table: their last values, and the lowest and highest of the range. */
import type { FeedUnit } from '../../../../lib/history/panel.js';
import type { Point } from '../feed/evaluate.js';
import { shownText } from '../format.js';
import { Text } from '../shell/text.js';

export interface TableLine {
  readonly labels: Readonly<Record<string, string>>;
  readonly color: number | undefined;
  readonly points: readonly Point[];
}

interface SeriesTableProps {
  readonly lines: readonly TableLine[];
  readonly unit: FeedUnit;
  /** The index of the time under the pointer. */
  readonly index: number | undefined;
  readonly onFilter: (labels: Readonly<Record<string, string>>) => void;
}

const maxRows = 50;

export function SeriesTable({ lines, unit, index, onFilter }: SeriesTableProps) {
  const names = [...new Set(lines.flatMap(({ labels }) => Object.keys(labels)))];
  return (
    <div class="table-scroll">
      <table>
        <thead>
          <tr>
            {names.length === 0 && <th scope="col">series</th>}
            {names.map((name) => (
              <th key={name} scope="col" class="mono">
                {name}
              </th>
            ))}
            <th scope="col" class="number">
              {index === undefined ? 'last' : 'at cursor'}
            </th>
            <th scope="col" class="number">
              min
            </th>
            <th scope="col" class="number">
              max
            </th>
          </tr>
        </thead>
        <tbody>
          {lines.slice(0, maxRows).map(({ labels, color, points }) => {
            const numbers = points.filter((point) => typeof point === 'number');
            const shown = index === undefined ? numbers.at(-1) : points[index];
            return (
              <tr key={JSON.stringify(labels)}>
                {names.length === 0 && (
                  <td>
                    <span class="swatch" data-color={(color ?? 7) + 1} /> all
                  </td>
                )}
                {names.map((name, column) => (
                  <td key={name}>
                    <button
                      type="button"
                      class="cell"
                      title={`Show only ${name} = ${(labels[name] ?? '').slice(0, 10_000)}`}
                      onClick={() => onFilter({ [name]: labels[name] ?? '' })}
                    >
                      {column === 0 && <span class="swatch" data-color={(color ?? 7) + 1} />}
                      <Text value={labels[name] || '–'} />
                    </button>
                  </td>
                ))}
                <td class="number">{shownText(shown, unit)}</td>
                <td class="number">{numbers.length === 0 ? '–' : shownText(Math.min(...numbers), unit)}</td>
                <td class="number">{numbers.length === 0 ? '–' : shownText(Math.max(...numbers), unit)}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
      {lines.length > maxRows && (
        <p class="muted small">{lines.length - maxRows} more. Filter or group to see them.</p>
      )}
    </div>
  );
}
