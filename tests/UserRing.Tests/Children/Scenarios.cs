using System.Reflection;

namespace UserRing.Tests;

/// <summary>Marks a method that runs in a process of its own; its class and name are the scenario's.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class ScenarioAttribute : Attribute;

/// <summary>Finds and runs what a child process is to do. A scenario fails by throwing, as a test does.</summary>
internal static class Scenarios
{
    public static int Run(string name, string[] arguments)
    {
        MethodInfo? scenario = typeof(Scenarios).Assembly.GetTypes()
            .SelectMany(type => type.GetMethods(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic))
            .FirstOrDefault(method => method.GetCustomAttribute<ScenarioAttribute>() is not null && NameOf(method) == name);
        if (scenario is null)
        {
            Console.Error.WriteLine($"There is no scenario {name}.");
            return 2;
        }

        try
        {
            scenario.Invoke(null, scenario.GetParameters().Length == 0 ? null : [arguments]);
            return 0;
        }
        catch (TargetInvocationException failure)
        {
            Console.Error.WriteLine(failure.InnerException);
            return 1;
        }
    }

    public static string NameOf(MethodInfo scenario) => $"{scenario.DeclaringType!.Name}.{scenario.Name}";
}
