package dev.azulejo.data;

import java.util.Arrays;
import java.util.List;

/**
 * Draws one glyph after the other. Own anti-aliasing rather than Java2D's, whose pixels may differ
 * between JDKs: the coverage of a pixel is how far its centre lies inside the stroke's edge,
 * limited to 0..1.
 */
final class GlyphCanvas {

  private final Shape shape;

  /**
   * Pixels that one unit of the strokes' coordinates takes before the random scale: 11 in an image
   * of 28.
   */
  private final double unit;

  /** How much of each pixel is covered by a stroke, 0..1. */
  private final float[] ink;

  // The affine map of the glyph being drawn, and its wobble.
  private double xx;
  private double xy;
  private double yx;
  private double yy;
  private double centerX;
  private double centerY;
  private double wobble;
  private double phaseX;
  private double phaseY;

  GlyphCanvas(Shape shape) {
    this.shape = shape;
    this.unit = Math.min(shape.height(), shape.width()) * 11.0 / 28;
    this.ink = new float[shape.height() * shape.width()];
  }

  /** Draws a glyph into {@code pixels}, CHW, from {@code offset} on. */
  void draw(List<float[]> strokes, SeededRandom random, byte[] pixels, int offset) {
    Arrays.fill(ink, 0);
    chooseMap(random);
    double halfWidth = unit * random.nextDouble(0.055, 0.14);
    for (float[] stroke : strokes) {
      drawStroke(stroke, halfWidth);
    }
    drawStrays(random, halfWidth);
    colour(random, pixels, offset);
  }

  private void chooseMap(SeededRandom random) {
    double angle = random.nextDouble(-0.35, 0.35);
    double shear = random.nextDouble(-0.3, 0.3);
    double scaleX = unit * random.nextDouble(0.7, 1.15);
    double scaleY = unit * random.nextDouble(0.7, 1.15);
    double cos = StrictMath.cos(angle);
    double sin = StrictMath.sin(angle);
    // rotation * shear * scale
    xx = cos * scaleX;
    xy = (cos * shear - sin) * scaleY;
    yx = sin * scaleX;
    yy = (sin * shear + cos) * scaleY;
    centerX = shape.width() / 2.0 + unit * random.nextDouble(-0.25, 0.25);
    centerY = shape.height() / 2.0 + unit * random.nextDouble(-0.25, 0.25);
    wobble = random.nextDouble(0, 0.09);
    phaseX = random.nextDouble(0, 6.28);
    phaseY = random.nextDouble(0, 6.28);
  }

  private void drawStroke(float[] points, double halfWidth) {
    double fromX = 0;
    double fromY = 0;
    for (int i = 0; i < points.length; i += 2) {
      double x = points[i] + wobble * StrictMath.sin(5 * points[i + 1] + phaseX);
      double y = points[i + 1] + wobble * StrictMath.sin(5 * points[i] + phaseY);
      double toX = xx * x + xy * y + centerX;
      double toY = yx * x + yy * y + centerY;
      if (i > 0) {
        segment(fromX, fromY, toX, toY, halfWidth, 1);
      }
      fromX = toX;
      fromY = toY;
    }
  }

  /**
   * None, one or two short, fainter strokes anywhere: a network must not count any ink as part of
   * the glyph.
   */
  private void drawStrays(SeededRandom random, double halfWidth) {
    for (int strays = random.nextInt(3); strays > 0; strays--) {
      double x = random.nextDouble(0, shape.width());
      double y = random.nextDouble(0, shape.height());
      double angle = random.nextDouble(0, 6.28);
      double length = unit * random.nextDouble(0.2, 0.6);
      double toX = x + length * StrictMath.cos(angle);
      double toY = y + length * StrictMath.sin(angle);
      segment(x, y, toX, toY, halfWidth, random.nextDouble(0.3, 0.7));
    }
  }

  private void segment(
      double fromX, double fromY, double toX, double toY, double halfWidth, double strength) {
    double reach = halfWidth + 1;
    int left = Math.max(0, (int) Math.floor(Math.min(fromX, toX) - reach));
    int right = Math.min(shape.width() - 1, (int) Math.ceil(Math.max(fromX, toX) + reach));
    int top = Math.max(0, (int) Math.floor(Math.min(fromY, toY) - reach));
    int bottom = Math.min(shape.height() - 1, (int) Math.ceil(Math.max(fromY, toY) + reach));
    double alongX = toX - fromX;
    double alongY = toY - fromY;
    double square = Math.max(alongX * alongX + alongY * alongY, 1e-9);
    for (int y = top; y <= bottom; y++) {
      for (int x = left; x <= right; x++) {
        double px = x + 0.5 - fromX;
        double py = y + 0.5 - fromY;
        double nearest = Math.clamp((px * alongX + py * alongY) / square, 0, 1);
        double dx = px - nearest * alongX;
        double dy = py - nearest * alongY;
        double inside = halfWidth + 0.5 - Math.sqrt(dx * dx + dy * dy);
        float coverage = (float) (strength * Math.clamp(inside, 0, 1));
        int at = y * shape.width() + x;
        ink[at] = Math.max(ink[at], coverage);
      }
    }
  }

  private void colour(SeededRandom random, byte[] pixels, int offset) {
    double noise = random.nextDouble(0.02, 0.15);
    for (int c = 0; c < shape.channels(); c++) {
      double paper = random.nextDouble(0, 0.2);
      double pen = random.nextDouble(0.6, 1);
      for (int i = 0; i < ink.length; i++) {
        double value = paper + (pen - paper) * ink[i] + noise * random.nextGaussian();
        pixels[offset + c * ink.length + i] = (byte) Math.round(Math.clamp(value, 0, 1) * 255);
      }
    }
  }
}
