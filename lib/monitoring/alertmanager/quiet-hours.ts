/** When tickets and information wait: nights and weekends, as Alertmanager has time intervals. */
import { monitoringError } from '../promql/expression.js';

export interface QuietHours {
  /** `HH:MM` at which a night begins. Default: `20:00`. */
  readonly from: string;
  /** `HH:MM` at which it ends, the next morning or the same day. Default: `07:00`. */
  readonly to: string;
  /** Whether Saturday and Sunday are quiet as a whole. Default: true. */
  readonly weekends: boolean;
  /** Time zone, as IANA names it: `Europe/Vienna`. Default: `UTC`. */
  readonly timeZone: string;
}

/** As `time_intervals` of Alertmanager has it. */
export interface TimeInterval {
  readonly name: string;
  readonly time_intervals: readonly Readonly<Record<string, unknown>>[];
}

const defaultQuietHours: QuietHours = { from: '20:00', to: '07:00', weekends: true, timeZone: 'UTC' };

/** @throws ERR_METRICS_INVALID_MONITORING for a name that there is not, a time or a time zone that is none */
export function quietHoursWith(own: Partial<QuietHours> | false = {}): QuietHours | undefined {
  if (own === false) return undefined;
  if (typeof own !== 'object' || own === null)
    throw monitoringError('`quietHours`', 'false or { from?, to?, weekends?, timeZone? }', own);
  for (const name of Object.keys(own))
    if (!Object.hasOwn(defaultQuietHours, name))
      throw monitoringError('option of `quietHours`', Object.keys(defaultQuietHours).join(', '), name);
  const hours = Object.freeze({ ...defaultQuietHours, ...own });
  for (const name of ['from', 'to'] as const)
    if (!/^([01]\d|2[0-3]):[0-5]\d$/.test(hours[name]))
      throw monitoringError(`\`quietHours.${name}\``, 'a time, `20:00` for instance', hours[name]);
  if (hours.from === hours.to)
    throw monitoringError('`quietHours.to`', `a time other than \`from\`, ${hours.from}`, hours.to);
  if (!isTimeZone(hours.timeZone))
    throw monitoringError(
      '`quietHours.timeZone`',
      'a time zone, `Europe/Vienna` for instance',
      hours.timeZone,
    );
  return hours;
}

/** The intervals that routes of tickets and information name; none where nothing waits. */
export function timeIntervals(hours: QuietHours | undefined): TimeInterval[] {
  if (hours === undefined) return [];
  const { from, to, weekends, timeZone } = hours;
  // An interval ends by midnight: a night is two of them.
  const times =
    from < to
      ? [{ start_time: from, end_time: to }]
      : [
          { start_time: from, end_time: '24:00' },
          ...(to === '00:00' ? [] : [{ start_time: '00:00', end_time: to }]),
        ];
  const night = { name: 'night', time_intervals: [{ times, location: timeZone }] };
  const weekend = {
    name: 'weekend',
    time_intervals: [{ weekdays: ['saturday', 'sunday'], location: timeZone }],
  };
  return weekends ? [night, weekend] : [night];
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    // An offset, `+02:00`, is one to Node and none to Alertmanager.
    return !/^[+-]/.test(name);
  } catch {
    return false;
  }
}
