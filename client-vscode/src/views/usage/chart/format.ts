import type { UsageTotals } from "../../../protocol";
import type { Measure, PageStrings } from "../messages";
import type { Bucket } from "./buckets";
import { valueOf } from "./totals";

const MICROS = 1_000_000;

/** Formats numbers, money and days for the editor's language. */
export class Format {
  private readonly integers: Intl.NumberFormat;
  private readonly short: Intl.NumberFormat;
  private readonly days: Intl.DateTimeFormat;
  private readonly shortDays: Intl.DateTimeFormat;
  private readonly months: Intl.DateTimeFormat;
  private readonly shortMonths: Intl.DateTimeFormat;
  private readonly moments: Intl.DateTimeFormat;

  constructor(
    readonly locale: string,
    private readonly strings: PageStrings,
  ) {
    this.integers = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });
    this.short = new Intl.NumberFormat(locale, { notation: "compact", maximumFractionDigits: 1 });
    const day = { timeZone: "UTC", day: "numeric", year: "numeric" } as const;
    this.days = new Intl.DateTimeFormat(locale, { ...day, month: "long", weekday: "long" });
    this.shortDays = new Intl.DateTimeFormat(locale, { timeZone: "UTC", day: "numeric", month: "short" });
    this.months = new Intl.DateTimeFormat(locale, { timeZone: "UTC", month: "long", year: "numeric" });
    this.shortMonths = new Intl.DateTimeFormat(locale, { timeZone: "UTC", month: "short", year: "2-digit" });
    this.moments = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" });
  }

  integer(value: number): string {
    return this.integers.format(value);
  }

  /** Formats millionths of a US dollar; small amounts with as many decimals as they need. */
  dollars(micros: number): string {
    const amount = micros / MICROS;
    const places = amount === 0 || amount >= 0.1 ? 2 : Math.min(6, 1 - Math.floor(Math.log10(amount)));
    const style = { style: "currency", currency: "USD" } as const;
    return new Intl.NumberFormat(this.locale, {
      ...style,
      minimumFractionDigits: 2,
      maximumFractionDigits: Math.max(2, places),
    }).format(amount);
  }

  /** A part of a whole, rounded down: 100% is all of it. */
  percent(part: number): string {
    const style = { style: "percent", maximumFractionDigits: 0 } as const;
    return new Intl.NumberFormat(this.locale, style).format(Math.floor(part * 100) / 100);
  }

  /** The cost of calls: "unknown" if no price is known, "at least" if only some are. */
  money(totals: UsageTotals): string {
    if (totals.totalCalls > 0 && totals.unpricedCalls >= totals.totalCalls) {
      return this.strings.unknown;
    }
    const known = this.dollars(totals.usdMicros);
    return totals.unpricedCalls > 0 ? fill(this.strings.atLeast, known) : known;
  }

  /** The total of a measure, with its unit. */
  total(totals: UsageTotals, measure: Measure): string {
    return measure === "money" ? this.money(totals) : this.integer(valueOf(totals, measure));
  }

  /** A value of the measure. */
  value(value: number, measure: Measure): string {
    return measure === "money" ? this.dollars(value) : this.integer(value);
  }

  /** A short label for a tick of the axis. */
  tick(value: number, measure: Measure): string {
    return measure === "money" ? this.dollars(value) : this.short.format(value);
  }

  /** The day, week or month of a bar, in full. */
  bucket({ start, unit }: Bucket): string {
    const moment = new Date(start);
    switch (unit) {
      case "day":
        return this.days.format(moment);
      case "week":
        return fill(this.strings.week, this.days.format(moment));
      case "month":
        return this.months.format(moment);
    }
  }

  /** The day, week or month of a bar, short, for the axis. */
  shortBucket({ start, unit }: Bucket): string {
    return (unit === "month" ? this.shortMonths : this.shortDays).format(new Date(start));
  }

  /** A date and time, in this machine's time zone. */
  moment(rfc3339: string): string {
    const moment = new Date(rfc3339);
    return Number.isNaN(moment.getTime()) ? rfc3339 : this.moments.format(moment);
  }
}

/** The text with its placeholders replaced by the values. */
export function fill(text: string, ...values: readonly (string | number)[]): string {
  return text.replace(/\{(\d+)\}/g, (place, index: string) => String(values[Number(index)] ?? place));
}
