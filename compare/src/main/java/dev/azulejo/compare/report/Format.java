package dev.azulejo.compare.report;

import java.util.Locale;

/** Figures as people read them. */
public final class Format {
  private static final double KIB = 1024;

  private Format() {}

  /** Seconds as milliseconds or microseconds, three digits; "-" where there are none. */
  public static String time(double seconds) {
    if (Double.isNaN(seconds)) {
      return "-";
    }
    return seconds < 1e-3 ? digits(1e6 * seconds) + " us" : digits(1e3 * seconds) + " ms";
  }

  /** A ratio or a rate with three digits; "-" where there is none. */
  public static String digits(double value) {
    if (Double.isNaN(value)) {
      return "-";
    }
    int decimals = value >= 100 ? 0 : value >= 10 ? 1 : value >= 1 ? 2 : 3;
    return String.format(Locale.ROOT, "%." + decimals + "f", value);
  }

  /** A part as percent; "-" where there is none. */
  public static String percent(double part) {
    return Double.isNaN(part) ? "-" : String.format(Locale.ROOT, "%.0f %%", 100 * part);
  }

  /** An error in two digits. */
  public static String error(double value) {
    return String.format(Locale.ROOT, "%.1e", value);
  }

  /** Bytes in the unit that suits them. */
  public static String bytes(long bytes) {
    if (bytes < KIB * KIB) {
      return bytes < KIB ? bytes + " B" : digits(bytes / KIB) + " KiB";
    }
    return digits(bytes / KIB / KIB) + " MiB";
  }
}
