// Dates, times and ages as people read them, from DA, TM and AS values (PS3.5 6.2). Unreadable values are shown as they are.

import { language, t } from './language';

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

interface Day {
  year: number;
  month: number;
  day: number;
}

function parseDate(value: string): Day | undefined {
  const match = /^(\d{4})[.-]?(\d{2})[.-]?(\d{2})/.exec(value);
  if (!match) return undefined;
  const [year, month, day] = match.slice(1).map(Number) as [number, number, number];
  return month >= 1 && month <= 12 && day >= 1 && day <= 31 ? { year, month, day } : undefined;
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** The day in the order and with the months of the language; the day of a file lies in no time zone. */
function localDay({ year, month, day }: Day, tag: string): string {
  const format = formats.get(tag) ?? new Intl.DateTimeFormat(tag, { day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC' });
  formats.set(tag, format);
  return format.format(Date.UTC(year, month - 1, day));
}

/** "20240307" → "7 Mar 2024", "7. März 2024", "2024年3月7日". */
export function formatDate(value: string): string {
  const date = parseDate(value);
  if (!date) return value;
  return language() === 'en' ? `${date.day} ${MONTHS[date.month - 1] ?? ''} ${date.year}` : localDay(date, language());
}

/** "134502.123" → "13:45"; with `seconds` "13:45:02". */
export function formatTime(value: string, seconds = false): string {
  const match = /^(\d{2}):?(\d{2})?:?(\d{2})?/.exec(value);
  if (!match) return value;
  const parts = [match[1], match[2] ?? '00'];
  if (seconds) parts.push(match[3] ?? '00');
  return parts.join(':');
}

/** Age at `on`: "43 y", "7 mo", "12 d"; "" where it cannot be told. `PatientAge` ("043Y") wins where it is given. */
export function formatAge(birth: string, on: string, PatientAge = ''): string {
  const given = /^(\d{3})([DWMY])$/.exec(PatientAge);
  if (given) return t({ D: '{n} d', W: '{n} wk', M: '{n} mo', Y: '{n} y' }[given[2] ?? 'Y'] ?? '{n} y', { n: Number(given[1]) });
  const born = parseDate(birth);
  const then = parseDate(on);
  if (!born || !then) return '';
  let months = (then.year - born.year) * 12 + then.month - born.month;
  if (then.day < born.day) months -= 1;
  if (months < 0) return '';
  if (months >= 24) return t('{n} y', { n: Math.floor(months / 12) });
  if (months >= 1) return t('{n} mo', { n: months });
  const days = Math.round((Date.UTC(then.year, then.month - 1, then.day) - Date.UTC(born.year, born.month - 1, born.day)) / 86_400_000);
  return days >= 0 ? t('{n} d', { n: days }) : '';
}

/** A JavaScript local date as DA: "20240307". */
export function toDicomDate(date: Date): string {
  const two = (part: number): string => String(part).padStart(2, '0');
  return `${date.getFullYear()}${two(date.getMonth() + 1)}${two(date.getDate())}`;
}

/** `recent`: all as long as they are few, else those since a day that lies so far back that there are enough. */
export type DateRange = 'today' | 'yesterday' | 'week' | 'recent' | 'all' | { from: string; to: string };

/** The QIDO range matching value (PS3.4 C.2.2.2.5) of a filter choice; "" means any date. */
export function dateRangeKey(range: DateRange, now: Date): string {
  if (typeof range === 'object') return range.from || range.to ? `${range.from}-${range.to}` : '';
  const daysAgo = (days: number): string => toDicomDate(new Date(now.getFullYear(), now.getMonth(), now.getDate() - days));
  switch (range) {
    case 'today':
      return daysAgo(0);
    case 'yesterday':
      return daysAgo(1);
    case 'week':
      return `${daysAgo(6)}-`;
    case 'recent':
    case 'all':
      return '';
  }
}

/** How far back a list may reach, in days. */
export const REACHES = [7, 31, 92, 366, 1827] as const;
export type Reach = (typeof REACHES)[number];

/** The first day of so many, today the last. */
export const reachesFrom = (days: Reach, now: Date): string => toDicomDate(new Date(now.getFullYear(), now.getMonth(), now.getDate() - days + 1));

/** The shortest reach that has this day in it; undefined where none has. */
export const reachOf = (day: string, now: Date): Reach | undefined => (day ? REACHES.find((days) => reachesFrom(days, now) <= day) : undefined);
