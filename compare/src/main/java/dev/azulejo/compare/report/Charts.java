package dev.azulejo.compare.report;

import java.awt.Color;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.BitmapEncoder.BitmapFormat;
import org.knowm.xchart.CategoryChart;
import org.knowm.xchart.CategoryChartBuilder;
import org.knowm.xchart.VectorGraphicsEncoder;
import org.knowm.xchart.VectorGraphicsEncoder.VectorGraphicsFormat;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.internal.chartpart.Chart;
import org.knowm.xchart.style.Styler.LegendLayout;
import org.knowm.xchart.style.Styler.LegendPosition;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** Charts, each as {@code name.png} and {@code name.svg}. */
public final class Charts {
  private static final int WIDTH = 1000;
  private static final int HEIGHT = 520;
  private static final List<Color> COLORS =
      List.of(
          new Color(0x1F5A8C),
          new Color(0xB0413E),
          new Color(0x3B8C5A),
          new Color(0xC98A2B),
          new Color(0x6A4C93),
          new Color(0x777777));

  private Charts() {}

  /**
   * A bar for each value.
   *
   * @param series name to its values, one for each category; NaN draws none
   */
  public static void bars(
      ReportFolder folder,
      String name,
      String title,
      String unit,
      List<String> categories,
      Map<String, List<Double>> series)
      throws IOException {
    CategoryChart chart =
        new CategoryChartBuilder()
            .width(WIDTH)
            .height(HEIGHT)
            .title(title)
            .yAxisTitle(unit)
            .build();
    chart.getStyler().setXAxisLabelRotation(categories.size() > 6 ? 60 : 0);
    chart.getStyler().setAvailableSpaceFill(0.8);
    chart.getStyler().setYAxisMin(0.0);
    chart.getStyler().setSeriesColors(COLORS.toArray(Color[]::new));
    series.forEach(
        (label, values) ->
            // A bar of no height for what was not measured: NaN would take its place from the axis.
            chart.addSeries(
                label, categories, values.stream().map(v -> v.isNaN() ? 0.0 : v).toList()));
    save(folder, name, chart);
  }

  /** A line for each series of y over x = 1, 2, ... */
  public static void lines(
      ReportFolder folder,
      String name,
      String title,
      String xTitle,
      String yTitle,
      Map<String, double[]> series)
      throws IOException {
    XYChart chart =
        new XYChartBuilder()
            .width(WIDTH)
            .height(HEIGHT)
            .title(title)
            .xAxisTitle(xTitle)
            .yAxisTitle(yTitle)
            .build();
    chart.getStyler().setSeriesColors(COLORS.toArray(Color[]::new));
    chart.getStyler().setYAxisMin(0.0);
    series.forEach((label, values) -> chart.addSeries(label, values).setMarker(SeriesMarkers.NONE));
    save(folder, name, chart);
  }

  private static void save(ReportFolder folder, String name, Chart<?, ?> chart) throws IOException {
    chart.getStyler().setLegendPosition(LegendPosition.OutsideS);
    chart.getStyler().setLegendLayout(LegendLayout.Horizontal);
    chart.getStyler().setChartBackgroundColor(Color.WHITE);
    byte[] bitmap;
    ByteArrayOutputStream vector = new ByteArrayOutputStream();
    try {
      bitmap = BitmapEncoder.getBitmapBytes(chart, BitmapFormat.PNG);
      VectorGraphicsEncoder.saveVectorGraphic(chart, vector, VectorGraphicsFormat.SVG);
    } catch (RuntimeException | LinkageError | InternalError e) {
      // What AWT throws where fontconfig or fonts are missing depends on what exactly is missing.
      throw new IOException(
          "the chart "
              + name
              + " cannot be drawn: Java finds no usable fonts here ("
              + e
              + "); on Debian: apt-get install fontconfig fonts-dejavu-core",
          e);
    }
    folder.write(name + ".png", bitmap);
    folder.write(name + ".svg", vector.toByteArray());
  }
}
