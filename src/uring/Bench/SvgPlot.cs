using System.Globalization;
using OxyPlot;
using OxyPlot.Axes;
using OxyPlot.Legends;
using OxyPlot.Series;

namespace UserRing.Tool.Bench;

/// <summary>
/// A bar per engine (the median) and a dot per round. The only place that needs the plotting library, so only --plot loads it.
/// </summary>
internal static class SvgPlot
{
    private const string RateAxis = "rate";
    private const string EngineAxis = "engine";
    private const double Width = 800;
    private const double RowHeight = 50;
    private const double FrameHeight = 150;

    public static void Write(string path, BenchPlan plan, EngineRecord[] engines)
    {
        // The axis counts from below; people read from above.
        EngineRecord[] rows = [.. engines.Where(engine => engine.HasResult).Reverse()];
        PlotModel model = new() { Title = "uring bench", Subtitle = plan.Describe(), Background = OxyColors.White };
        model.Legends.Add(new Legend
        {
            LegendPosition = LegendPosition.BottomCenter,
            LegendPlacement = LegendPlacement.Outside,
            LegendOrientation = LegendOrientation.Horizontal,
        });
        CategoryAxis names = new() { Position = AxisPosition.Left, Key = EngineAxis };
        names.Labels.AddRange(rows.Select(row => row.Name));
        model.Axes.Add(names);
        model.Axes.Add(new LinearAxis
        {
            Position = AxisPosition.Bottom,
            Key = RateAxis,
            Minimum = 0,
            MaximumPadding = 0.1,
            Title = "thousand requests per second",
            LabelFormatter = value => value.ToString("N0", CultureInfo.InvariantCulture),
        });
        model.Series.Add(Bars(rows));
        model.Series.Add(Dots(rows));
        using FileStream stream = File.Create(path);
        new SvgExporter { Width = Width, Height = FrameHeight + RowHeight * rows.Length }.Export(model, stream);
    }

    private static BarSeries Bars(EngineRecord[] rows)
    {
        BarSeries bars = new()
        {
            Title = "median",
            XAxisKey = RateAxis,
            YAxisKey = EngineAxis,
            FillColor = OxyColors.SteelBlue,
            LabelPlacement = LabelPlacement.Base,
            LabelFormatString = "{0:N0}",
            TextColor = OxyColors.White,
        };
        bars.Items.AddRange(rows.Select(row => new BarItem(row.Rate.Median / 1e3)));
        return bars;
    }

    private static ScatterSeries Dots(EngineRecord[] rows)
    {
        ScatterSeries dots = new()
        {
            Title = "each round",
            XAxisKey = RateAxis,
            YAxisKey = EngineAxis,
            MarkerType = MarkerType.Circle,
            MarkerSize = 3,
            MarkerFill = OxyColors.DarkOrange,
        };
        for (int row = 0; row < rows.Length; row++)
        {
            dots.Points.AddRange(rows[row].Results.Select(result => new ScatterPoint(result.Rate / 1e3, row)));
        }
        return dots;
    }
}
