/** Quiet hours: nights and weekends in which tickets and information wait. */
import { check, checkKeys } from '../checks.js';

/** When tickets and information wait. Pages never do. */
export interface QuietHours {
  /** Start of the night, `HH:MM`. Default: `20:00`. */
  readonly from: string;
  /** End of the night, `HH:MM`, the next morning or on the same day. Default: `07:00`. */
  readonly to: string;
  /** Whether all of Saturday and Sunday is quiet. Default: true. */
  readonly weekends: boolean;
  /** IANA time zone: `Europe/Vienna`. Default: `UTC`. */
  readonly timeZone: string;
}

/** An item of `time_intervals` in Alertmanager's configuration. */
export interface TimeInterval {
  readonly name: string;
  readonly time_intervals: readonly Readonly<Record<string, unknown>>[];
}

const defaultQuietHours: QuietHours = { from: '20:00', to: '07:00', weekends: true, timeZone: 'UTC' };

/** @throws ERR_METRICS_INVALID_MONITORING for an unknown name, an invalid time or an unknown time zone */
export function quietHoursWith(own: Partial<QuietHours> | false = {}): QuietHours | undefined {
  if (own === false) return undefined;
  checkKeys(own, Object.keys(defaultQuietHours), { whole: '`quietHours`', key: 'option of `quietHours`' });
  const hours = Object.freeze({ ...defaultQuietHours, ...own });
  const { from, to, timeZone } = hours;
  for (const [name, time] of Object.entries({ from, to })) {
    const isTime = /^([01]\d|2[0-3]):[0-5]\d$/.test(time);
    check(isTime, `\`quietHours.${name}\``, 'a time, `20:00` for instance', time);
  }
  check(from !== to, '`quietHours.to`', `a time other than \`from\`, ${from}`, to);
  check(isTimeZone(timeZone), '`quietHours.timeZone`', 'a time zone, `Europe/Vienna` for instance', timeZone);
  return hours;
}

/** The time intervals during which the routes of tickets and information are muted. */
export function timeIntervals(hours: QuietHours | undefined): TimeInterval[] {
  if (hours === undefined) return [];
  const { from, to, weekends, timeZone: location } = hours;
  // In Alertmanager an interval ends by midnight, so a night takes two.
  const evening = { start_time: from, end_time: '24:00' };
  const morning = { start_time: '00:00', end_time: to };
  const times =
    from < to ? [{ start_time: from, end_time: to }] : to === '00:00' ? [evening] : [evening, morning];
  const weekend = { name: 'weekend', time_intervals: [{ weekdays: ['saturday', 'sunday'], location }] };
  return [{ name: 'night', time_intervals: [{ times, location }] }, ...(weekends ? [weekend] : [])];
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    // Node accepts an offset, `+02:00`; Alertmanager does not.
    return !/^[+-]/.test(name);
  } catch {
    return false;
  }
}
