package dev.azulejo.cli.report;

import dev.azulejo.nn.Evaluation;
import dev.azulejo.train.EpochReport;
import java.awt.Color;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.ToDoubleFunction;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.BitmapEncoder.BitmapFormat;
import org.knowm.xchart.VectorGraphicsEncoder;
import org.knowm.xchart.VectorGraphicsEncoder.VectorGraphicsFormat;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.style.Styler.LegendLayout;
import org.knowm.xchart.style.Styler.LegendPosition;
import org.knowm.xchart.style.Styler.YAxisPosition;
import org.knowm.xchart.style.lines.SeriesLines;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** The learning curve of a run: loss (left axis) and accuracy (right axis) by epoch. */
public final class LearningCurve {
  private static final int WIDTH = 900;
  private static final int HEIGHT = 520;
  private static final Color LOSS = new Color(0xB0413E);
  private static final Color ACCURACY = new Color(0x1F5A8C);

  private LearningCurve() {}

  /**
   * Draws the curve into two files, each written as a whole or not at all.
   *
   * @param epochs at least one
   * @param test the measurement after the last one, a point of its own
   * @throws IOException if a file cannot be written, or this machine has no fonts to draw text with
   */
  public static void write(
      String title, List<EpochReport> epochs, Evaluation test, Path png, Path svg)
      throws IOException {
    byte[] bitmap;
    ByteArrayOutputStream vector = new ByteArrayOutputStream();
    try {
      XYChart chart = chart(title, epochs, test);
      bitmap = BitmapEncoder.getBitmapBytes(chart, BitmapFormat.PNG);
      VectorGraphicsEncoder.saveVectorGraphic(chart, vector, VectorGraphicsFormat.SVG);
    } catch (RuntimeException | LinkageError | InternalError e) {
      // What AWT throws where fontconfig or fonts are missing depends on what exactly is missing.
      throw new IOException(
          "the learning curve cannot be drawn: Java finds no usable fonts here ("
              + e
              + "); on Debian: apt-get install fontconfig fonts-dejavu-core",
          e);
    }
    WholeFile.write(png, bitmap);
    WholeFile.write(svg, vector.toByteArray());
  }

  private static XYChart chart(String title, List<EpochReport> epochs, Evaluation test) {
    XYChart chart =
        new XYChartBuilder()
            .width(WIDTH)
            .height(HEIGHT)
            .title(title)
            .xAxisTitle("epoch")
            .yAxisTitle("loss")
            .build();
    chart.getStyler().setLegendPosition(LegendPosition.OutsideS);
    chart.getStyler().setLegendLayout(LegendLayout.Horizontal);
    chart.getStyler().setChartBackgroundColor(Color.WHITE);
    chart.getStyler().setYAxisGroupPosition(1, YAxisPosition.Right);
    chart.getStyler().setYAxisMin(0, 0.0);
    // Epochs are whole: no ticks between two of them.
    chart.getStyler().setXAxisDecimalPattern("0");
    chart.getStyler().setYAxisDecimalPattern("0.##");
    chart.setYAxisGroupTitle(1, "accuracy, %");
    boolean validated = !Double.isNaN(epochs.getLast().validationLoss());
    add(chart, "training loss", 0, epochs, EpochReport::trainLoss);
    if (validated) {
      add(chart, "validation loss", 0, epochs, EpochReport::validationLoss);
    }
    add(chart, "training accuracy", 1, epochs, report -> 100 * report.trainAccuracy());
    if (validated) {
      add(chart, "validation accuracy", 1, epochs, report -> 100 * report.validationAccuracy());
    }
    int last = epochs.getLast().epoch();
    addPoint(chart, "test loss", 0, last, test.loss());
    addPoint(chart, "test accuracy", 1, last, 100 * test.accuracy());
    return chart;
  }

  private static void addPoint(XYChart chart, String name, int axis, int epoch, double value) {
    XYSeries series = chart.addSeries(name, new double[] {epoch}, new double[] {value});
    series.setYAxisGroup(axis);
    series.setMarkerColor(axis == 0 ? LOSS : ACCURACY);
    series.setMarker(SeriesMarkers.DIAMOND);
    series.setLineStyle(SeriesLines.NONE);
  }

  private static void add(
      XYChart chart,
      String name,
      int axis,
      List<EpochReport> epochs,
      ToDoubleFunction<EpochReport> value) {
    double[] x = epochs.stream().mapToDouble(EpochReport::epoch).toArray();
    double[] y = epochs.stream().mapToDouble(value).toArray();
    XYSeries series = chart.addSeries(name, x, y);
    series.setYAxisGroup(axis);
    series.setLineColor(axis == 0 ? LOSS : ACCURACY);
    series.setMarkerColor(axis == 0 ? LOSS : ACCURACY);
    series.setMarker(SeriesMarkers.CIRCLE);
    series.setLineStyle(name.startsWith("training") ? SeriesLines.DASH_DASH : SeriesLines.SOLID);
  }
}
