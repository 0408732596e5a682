using System.Text;

namespace UserRing.Campaigns.RandomPrograms;

/// <summary>Two accounts of one program side by side: what both say once, what only one says marked with whose it is.</summary>
internal static class Difference
{
    public static string Between(IReadOnlyList<string> kernel, IReadOnlyList<string> managed)
    {
        int[,] common = new int[kernel.Count + 1, managed.Count + 1];
        for (int k = kernel.Count - 1; k >= 0; k--)
        {
            for (int m = managed.Count - 1; m >= 0; m--)
                common[k, m] = kernel[k] == managed[m] ? common[k + 1, m + 1] + 1 : Math.Max(common[k + 1, m], common[k, m + 1]);
        }

        var text = new StringBuilder();
        for (int k = 0, m = 0; k < kernel.Count || m < managed.Count;)
        {
            bool both = k < kernel.Count && m < managed.Count && kernel[k] == managed[m];
            bool fromKernel = !both && k < kernel.Count && (m == managed.Count || common[k + 1, m] >= common[k, m + 1]);
            string line = both ? $"\n         {kernel[k]}" : fromKernel ? $"\n kernel  {kernel[k]}" : $"\n managed {managed[m]}";
            text.Append(line);
            k += both || fromKernel ? 1 : 0;
            m += both || !fromKernel ? 1 : 0;
        }

        return text.ToString();
    }
}
