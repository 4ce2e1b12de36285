/** Colours for canvases, from the custom properties of the style sheet. */
import { createStore } from '../store.js';

export type Theme = 'light' | 'dark';

const system = matchMedia('(prefers-color-scheme: dark)');
const key = 'tamma-dashboard-theme';

function stored(): Theme | undefined {
  try {
    const value = localStorage.getItem(key);
    return value === 'light' || value === 'dark' ? value : undefined;
  } catch {
    // Storage is blocked: the theme of the system.
    return undefined;
  }
}

export const theme = createStore<Theme>(stored() ?? (system.matches ? 'dark' : 'light'));

let colors = new Map<string, string>();

function apply(): void {
  document.documentElement.dataset.theme = theme.get();
  colors = new Map();
}

apply();
// Before charts redraw, which subscribe later.
theme.subscribe(apply);
system.addEventListener('change', () => {
  if (stored() === undefined) theme.set(system.matches ? 'dark' : 'light');
});

// Charts are drawn, and do not follow the style sheet: paper is white.
let beforePrint: Theme | undefined;
matchMedia('print').addEventListener('change', ({ matches }) => {
  if (matches) {
    beforePrint = theme.get();
    theme.set('light');
  } else if (beforePrint !== undefined) theme.set(beforePrint);
});

export function toggleTheme(): void {
  const next = theme.get() === 'dark' ? 'light' : 'dark';
  try {
    localStorage.setItem(key, next);
  } catch {
    // Kept until the page is closed.
  }
  theme.set(next);
}

/** The value of a custom property: `color('--muted')`. */
export function color(property: string): string {
  let value = colors.get(property);
  if (value === undefined) {
    value = getComputedStyle(document.documentElement).getPropertyValue(property).trim();
    colors.set(property, value);
  }
  return value;
}

/** The colour of a line: one of nine, of which the last is for failures. */
export function seriesColor(index: number): string {
  return color(`--series-${index + 1}`);
}

const failureColor = 8;
const meanings: readonly (readonly [names: RegExp, color: number])[] = [
  [/^(success|successful|ok|pass|merged|2xx)$/i, 2],
  [/^(failure|failures|failed|fail|error|errors|5xx)$/i, failureColor],
  [/^(escalation|warn|4xx)$/i, 1],
];

/** Colours for names: success is green and failure red, and others get the remaining colours in turn. */
export function colorsFor(names: readonly string[]): number[] {
  const meant = names.map((name) => meanings.find(([pattern]) => pattern.test(name))?.[1]);
  const free = [0, 1, 2, 3, 4, 5, 6, 7].filter((each) => !meant.includes(each));
  let next = 0;
  return meant.map((found) => found ?? free[next++ % free.length] ?? 0);
}

/** `#rrggbb` with an opacity between 0 and 1. */
export function withAlpha(hex: string, alpha: number): string {
  const level = Math.round(Math.min(1, Math.max(0, alpha)) * 255);
  return `${hex}${level.toString(16).padStart(2, '0')}`;
}
