using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace UserRing.Tool.Commands;

/// <summary>Options that say in one line what they would have accepted; the parser's own messages name .NET types.</summary>
internal static class Options
{
    private const double ShortestSeconds = 0.01;

    public static Option<int> Number(string name, string description, int fallback, int minimum, int maximum) => new(name)
    {
        Description = description,
        HelpName = "N",
        DefaultValueFactory = _ => fallback,
        CustomParser = argument =>
        {
            string text = argument.Tokens[0].Value;
            if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int value) && value >= minimum && value <= maximum)
            {
                return value;
            }
            argument.AddError($"{name} {text}: expected a whole number from {minimum} to {maximum}");
            return fallback;
        },
    };

    public static Option<double> Seconds(string name, string description, double fallback, double maximum) => new(name)
    {
        Description = description,
        HelpName = "S",
        DefaultValueFactory = _ => fallback,
        CustomParser = argument =>
        {
            string text = argument.Tokens[0].Value;
            if (double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double value)
                && value >= ShortestSeconds && value <= maximum)
            {
                return value;
            }
            argument.AddError($"{name} {text}: expected seconds from {ShortestSeconds} to {maximum}");
            return fallback;
        },
    };

    public static Option<bool> Switch(string name, string description) => new(name) { Description = description };

    public static Option<string?> Text(string name, string helpName, string description) =>
        new(name) { HelpName = helpName, Description = description };

    /// <summary>A list given as "a,b,c" or by repeating the option; each name once, each known.</summary>
    public static Option<string[]> Names(string name, string helpName, string description, IReadOnlyList<string> known) => new(name)
    {
        HelpName = helpName,
        Description = description,
        Arity = ArgumentArity.OneOrMore,
        CustomParser = argument => ParseNames(argument, name, known),
    };

    private static string[] ParseNames(ArgumentResult argument, string name, IReadOnlyList<string> known)
    {
        List<string> chosen = [];
        foreach (Token token in argument.Tokens)
        {
            foreach (string part in token.Value.Split(',', StringSplitOptions.TrimEntries))
            {
                if (!known.Contains(part))
                {
                    argument.AddError($"{name} {token.Value}: '{part}' is none of {string.Join(", ", known)}");
                    return [];
                }
                if (!chosen.Contains(part))
                {
                    chosen.Add(part);
                }
            }
        }
        return [.. chosen];
    }
}
