using System.Globalization;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace UserRing.Tool.Probing;

/// <summary>Writes grids and tables: for a terminal as wide and as colourful as it is, else plain.</summary>
internal static class Page
{
    private const int PlainWidth = 140;

    /// <summary>Writes the parts with an empty line between them.</summary>
    public static void Write(TextWriter output, params IReadOnlyList<IRenderable> parts)
    {
        if (output == Console.Out && !Console.IsOutputRedirected)
        {
            Write(AnsiConsole.Create(new AnsiConsoleSettings()), parts);
            return;
        }
        using StringWriter page = new();
        IAnsiConsole plain = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(page), Ansi = AnsiSupport.No });
        plain.Profile.Width = PlainWidth;
        Write(plain, parts);
        foreach (string line in page.ToString().Split('\n'))
        {
            // Tables fill their lines with spaces.
            output.WriteLine(line.TrimEnd());
        }
    }

    /// <summary>An empty table with these headings.</summary>
    public static Table Table(params IEnumerable<string> headings)
    {
        Table table = new() { Border = TableBorder.Simple };
        foreach (string heading in headings)
        {
            table.AddColumn(heading);
        }
        return table;
    }

    /// <summary>Adds a row whose cells are shown as they are.</summary>
    public static void Add(Table table, params IEnumerable<string> cells) => table.AddRow(cells.Select(cell => new Text(cell)));

    public static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private static void Write(IAnsiConsole console, IReadOnlyList<IRenderable> parts)
    {
        for (int at = 0; at < parts.Count; at++)
        {
            if (at > 0)
            {
                console.WriteLine();
            }
            console.Write(parts[at]);
        }
    }
}
