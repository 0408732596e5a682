using UserRing.Abi;

namespace UserRing.Campaigns.RandomPrograms;

/// <summary>What was seen of completions, as far as the kernel determines it.</summary>
internal sealed partial class ProgramRun
{
    /// <summary>Completions since there were <paramref name="before"/>: by request, and in which order where there is one.</summary>
    private void Report(int before)
    {
        foreach (Member member in _tracker.Members)
        {
            var news = member.Completions.Where(completion => completion.Order >= before).ToList();
            if (news.Count > 0)
            {
                string results = string.Join(", ", news.Select(news => Describe(news.Res, news.Flags)));
                Lines.Add($"  #{member.Number} {member.Shape}: {results}");
            }
        }

        foreach (Chain chain in _tracker.Chains)
        {
            // A link timeout that is let go of may report before or after what comes behind it.
            List<Member> inOrder = [.. chain.Members.Where(member => member.HasResult && member.Shape.Kind != Kind.LinkTimeout)
                .OrderBy(member => member.Order)];
            for (int i = 1; i < inOrder.Count; i++)
            {
                if (inOrder[i].Number < inOrder[i - 1].Number && inOrder[i].Order >= before)
                    Lines.Add($"  #{inOrder[i].Number} after #{inOrder[i - 1].Number}");
            }
        }

        foreach (Member drained in _tracker.Members)
        {
            // One that was never started, for a fault in its chain, has waited for nothing.
            if (!drained.Shape.Is(SqeFlags.IoDrain) || !drained.HasResult || drained.Result < 0 || drained.Completions[0].Order < before)
                continue;
            int at = drained.Completions[0].Order;
            foreach (Member other in _tracker.Members)
            {
                if (other.Number < drained.Number && other.Chain != drained.Chain && other.IsSubmitted
                    && (!other.IsEnded || other.HasResult && other.Order > at))
                    Lines.Add($"  #{drained.Number} did not wait for #{other.Number}");
            }
        }
    }

    private string Unfinished()
    {
        Report(0);
        return string.Join('\n', Lines);
    }

    private static string Describe(int res, CqeFlags flags) =>
        (res < 0 ? Errno.Name(-res) : $"{res}") + (flags == 0 ? "" : $" [{flags}]");

    private void ClearSlot(int slot)
    {
        if (_hasFiles)
            Register(new RegisterStep(RegisterAct.ClearFile, slot));
    }

    private int Register(RegisterStep step)
    {
        switch (step.Act)
        {
            case RegisterAct.ClearFile:
                return UpdateFile(step.Slot, -1);
            case RegisterAct.RestoreFile:
                return UpdateFile(step.Slot, _world.SlotNumber(step.Slot));
            case RegisterAct.UnregisterFiles:
                _hasFiles = false;
                return _ring.Register(RegisterOp.UnregisterFiles);
            case RegisterAct.RegisterFiles:
                Span<int> numbers = stackalloc int[World.Slots];
                for (int slot = 0; slot < World.Slots; slot++)
                    numbers[slot] = _world.SlotNumber(slot);
                int registered = _ring.RegisterFiles(numbers);
                _hasFiles |= registered == 0;
                return registered;
            case RegisterAct.UnregisterBuffers:
                _hasBuffers = false;
                return _ring.Register(RegisterOp.UnregisterBuffers);
            default:
                int result = _ring.RegisterBuffers(
                    new IoVec { Base = _world.Memory.Address, Len = (nuint)_world.Memory.Length },
                    new IoVec { Base = _world.Memory.Address, Len = World.SlotBytes });
                _hasBuffers |= result == 0;
                return result;
        }
    }

    private unsafe int UpdateFile(int slot, int number) =>
        _ring.RegisterBy(RegisterOp.RegisterFilesUpdate, new RsrcUpdate { Offset = (uint)slot, Data = (ulong)(nuint)(&number) }, 1);
}
