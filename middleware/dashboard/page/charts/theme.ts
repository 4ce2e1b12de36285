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

/** The colour of the line at `index`: eight colours, in turn. */
export function seriesColor(index: number): string {
  return color(`--series-${(index % 8) + 1}`);
}

/** `#rrggbb` with an opacity between 0 and 1. */
export function withAlpha(hex: string, alpha: number): string {
  const level = Math.round(Math.min(1, Math.max(0, alpha)) * 255);
  return `${hex}${level.toString(16).padStart(2, '0')}`;
}
