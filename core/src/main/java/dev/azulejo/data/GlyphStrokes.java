package dev.azulejo.data;

import java.util.List;

/**
 * The strokes of the ten glyphs, the digits 0 to 9, as polylines {x0, y0, x1, y1, ...} in a box of
 * about -0.5..0.5 by -0.8..0.8, y pointing down. Curves are arcs of ellipses cut into short pieces.
 */
final class GlyphStrokes {

  /** By label. */
  static final List<List<float[]>> DIGITS =
      List.of(
          List.of(arc(0, 0, 0.48, 0.8, 0, 360)),
          List.of(line(-0.28, -0.45, 0, -0.8, 0, 0.8)),
          List.of(join(arc(0, -0.38, 0.45, 0.42, 180, 390), line(-0.48, 0.8, 0.5, 0.8))),
          List.of(
              join(arc(-0.02, -0.4, 0.42, 0.4, 210, 450), arc(-0.02, 0.4, 0.48, 0.4, 270, 510))),
          List.of(line(0.2, 0.8, 0.2, -0.8, -0.5, 0.3, 0.5, 0.3)),
          List.of(
              join(
                  line(0.42, -0.8, -0.36, -0.8, -0.4, -0.08),
                  arc(-0.02, 0.28, 0.48, 0.52, 225, 500))),
          List.of(arc(0.36, 0.3, 0.81, 1.1, 265, 180), arc(0, 0.34, 0.45, 0.46, 0, 360)),
          List.of(line(-0.5, -0.8, 0.5, -0.8, -0.1, 0.8)),
          List.of(arc(0, -0.42, 0.38, 0.38, 0, 360), arc(0, 0.38, 0.46, 0.42, 0, 360)),
          List.of(arc(-0.36, -0.3, 0.81, 1.1, 85, 0), arc(0, -0.34, 0.45, 0.46, 0, 360)));

  private static final int DEGREES_PER_PIECE = 20;

  private GlyphStrokes() {}

  private static float[] line(double... points) {
    float[] line = new float[points.length];
    for (int i = 0; i < points.length; i++) {
      line[i] = (float) points[i];
    }
    return line;
  }

  /** Angles in degrees: 0 is right, 90 down, 180 left, 270 up. */
  private static float[] arc(
      double centerX, double centerY, double radiusX, double radiusY, int from, int to) {
    int pieces = Math.max(1, Math.abs(to - from) / DEGREES_PER_PIECE);
    float[] points = new float[2 * (pieces + 1)];
    for (int i = 0; i <= pieces; i++) {
      double angle = StrictMath.toRadians(from + (double) (to - from) * i / pieces);
      points[2 * i] = (float) (centerX + radiusX * StrictMath.cos(angle));
      points[2 * i + 1] = (float) (centerY + radiusY * StrictMath.sin(angle));
    }
    return points;
  }

  private static float[] join(float[] first, float[] second) {
    float[] joined = new float[first.length + second.length];
    System.arraycopy(first, 0, joined, 0, first.length);
    System.arraycopy(second, 0, joined, first.length, second.length);
    return joined;
  }
}
