using CsCheck;
using UserRing.Abi;
using UserRing.Engine.Linux;

namespace UserRing.Campaigns.RandomPrograms;

/// <summary>Generates programs. The plainest value of everything comes first, so that a smaller program is a plainer one.</summary>
/// <remarks>
/// What programs do not do, and why.
/// <list type="bullet">
/// <item>Use the same part of a file, or the same stream, in two requests that nothing orders; wake two requests that wait for the same
/// bytes: either may be first (<see cref="Claims"/>, <see cref="Tracker.Takers"/>).</item>
/// <item>Cancel what is on its way to a worker, or one of several that match: whether and which depends on the moment
/// (<see cref="Tamer"/>, which also keeps short times away from what may or may not be over by then).</item>
/// <item>Link a batch's last request where completions are left unread, counted or cancelled: a chain that is not ended goes to a
/// worker.</item>
/// <item>Use a polling thread (SQPOLL): which SQEs it takes at once is its own affair.</item>
/// <item>Use numbers that were closed: the managed engine's own descriptors would take them. What is closed in the middle of a program
/// leaves a place behind that refuses like it (<see cref="Stream"/>).</item>
/// <item>Take provided buffers, send messages, open, connect: what those do has behaviour tests and measured rows of its own.</item>
/// </list>
/// </remarks>
internal static class ProgramGen
{
    private static readonly Gen<Form> Forms =
        Gen.Frequency((6, Form.Plain), (2, Form.Vectored), (2, Form.Fixed), (1, Form.VectoredFixed));

    private static readonly Gen<SqeFlags> Links = Gen.Frequency((6, SqeFlags.None), (4, SqeFlags.IoLink), (2, SqeFlags.IoHardlink));
    private static readonly Gen<SqeFlags> Odd = Gen.Frequency(
        (24, SqeFlags.None), (3, SqeFlags.Async), (2, SqeFlags.IoDrain), (2, SqeFlags.CqeSkipSuccess), (4, SqeFlags.FixedFile));

    private static readonly Gen<Flaw> Flaws = Gen.Frequency((30, Gen.Const(Flaw.None)), (1, Gen.Enum<Flaw>()));
    private static readonly Gen<int> StreamLengths = Gen.OneOf(1, 10, 60, 100, 300, 0);
    private static readonly Gen<int> FileLengths = Gen.OneOf(64, 300, 1024, 2048, 0, 4096);
    private static readonly Gen<long> Offsets =
        Gen.Frequency((8, Gen.Int[0, 8].Select(region => (long)region * World.Region)), (1, Gen.Const(-1L)));

    private static readonly Gen<int> RwFlags = Gen.Frequency((14, 0), (1, Libc.RWF_NOWAIT), (1, Libc.RWF_APPEND));

    private static readonly Gen<RequestShape> Nops =
        Gen.Frequency((4, 0), (1, -5), (1, 7)).Select(result => new RequestShape { Extra = result });

    private static readonly Gen<RequestShape> StreamTransfers = Gen.Select(
        Gen.Bool, Gen.Int[0, World.Streams - 1], StreamLengths, Forms, RwFlags,
        (write, stream, length, form, flags) => new RequestShape
        {
            Kind = write ? Kind.WriteStream : Kind.ReadStream, Target = stream, Length = length, Form = form,
            Extra = flags == Libc.RWF_NOWAIT ? flags : 0,
        });

    private static readonly Gen<RequestShape> FileTransfers = Gen.Select(
        Gen.Bool, Gen.Int[0, World.Files - 1], FileLengths, Offsets, Forms, RwFlags,
        (write, file, length, offset, form, flags) => new RequestShape
        {
            Kind = write ? Kind.WriteFile : Kind.ReadFile, Target = file, Length = length, Offset = offset, Form = form,
            Extra = flags,
        });

    private static readonly Gen<RequestShape> Fsyncs = Gen.Select(
        Gen.Int[0, World.Files - 1], Gen.Int[0, 1], (file, flags) => new RequestShape { Kind = Kind.Fsync, Target = file, Extra = flags });

    private static readonly Gen<RequestShape> Polls = Gen.Select(
        Gen.Int[0, World.Streams - 1], Gen.OneOf<int>(Libc.POLLIN, Libc.POLLOUT, Libc.POLLIN | Libc.POLLOUT, Libc.POLLPRI),
        Gen.Frequency((3, 0), (1, 1)),
        (stream, events, many) => new RequestShape { Kind = Kind.Poll, Target = stream, Extra = events, Count = many });

    private static readonly Gen<RequestShape> Timeouts = Gen.Select(
        Gen.Bool, Gen.Frequency((4, 0), (1, 1), (1, 2), (1, 4)),
        Gen.Frequency((8, 0), (1, (int)TimeoutFlags.EtimeSuccess), (1, (int)TimeoutFlags.Boottime), (1, (int)TimeoutFlags.Update),
            (1, (int)TimeoutFlags.Realtime)),
        Gen.Frequency((5, 0), (1, 1), (1, 3)),
        (isShort, count, flags, repeats) => new RequestShape
        {
            Kind = Kind.Timeout, IsShort = isShort, Count = repeats > 0 ? repeats : count,
            Extra = flags | (repeats > 0 ? (int)TimeoutFlags.Multishot : 0),
        });

    private static readonly Gen<RequestShape> LinkTimeouts = Gen.Select(
        Gen.Bool, Gen.Frequency((8, 0), (1, (int)TimeoutFlags.EtimeSuccess), (1, (int)TimeoutFlags.Boottime)),
        (isShort, flags) => new RequestShape { Kind = Kind.LinkTimeout, IsShort = isShort, Extra = flags });

    private static readonly Gen<RequestShape> Cancels = Gen.Select(
        Gen.Frequency(
            (8, CancelFlags.None), (2, CancelFlags.All), (3, CancelFlags.Fd), (2, CancelFlags.Fd | CancelFlags.All), (2, CancelFlags.Any),
            (2, CancelFlags.Any | CancelFlags.All), (2, CancelFlags.Op), (2, CancelFlags.Op | CancelFlags.All), (1, CancelFlags.UserData),
            (1, CancelFlags.UserData | CancelFlags.Fd), (1, CancelFlags.Op | CancelFlags.Fd)),
        Gen.Int[1, 8], Gen.Int[0, World.Streams - 1], Gen.OneOf(Opcode.Read, Opcode.Write, Opcode.PollAdd, Opcode.Timeout, Opcode.Nop),
        (flags, back, stream, operation) => new RequestShape
        {
            Kind = Kind.Cancel, Extra = (int)flags, Count = back, Target = stream,
            Length = (flags & CancelFlags.Op) != 0 ? (int)operation : 0,
        });

    private static readonly Gen<RequestShape> Calm = Finished(
        Gen.Frequency((4, Nops), (6, StreamTransfers), (3, Polls), (3, Timeouts), (2, LinkTimeouts), (4, Cancels)));

    private static readonly Gen<RequestShape> Busy = Finished(
        Gen.Frequency(
            (4, Nops), (6, StreamTransfers), (7, FileTransfers), (1, Fsyncs), (2, Polls), (2, Timeouts), (2, LinkTimeouts), (2, Cancels)));

    private static readonly Gen<Step> Batches = Gen.Frequency(
        (3, Gen.Select(Busy.Array[1, 8], requests => (Step)new Batch(requests, Reaps: true))),
        (2, Gen.Select(Calm.Array[1, 8], requests => (Step)new Batch(requests, Reaps: true))),
        (1, Gen.Select(Calm.Array[1, 8], requests => (Step)new Batch(requests, Reaps: false))));

    private static readonly Gen<Step> FarSteps = Gen.Select(
        Gen.Frequency((5, FarAct.Write), (3, FarAct.Read), (1, FarAct.CloseWriteEnd), (1, FarAct.CloseReadEnd)),
        Gen.Int[0, World.Streams - 1], Gen.OneOf(1, 10, 60, 100, 4096),
        (act, stream, bytes) => (Step)new FarStep(act, stream, bytes));

    private static readonly Gen<Step> RegisterSteps = Gen.Select(
        Gen.Frequency(
            (4, RegisterAct.ClearFile), (3, RegisterAct.RestoreFile), (1, RegisterAct.UnregisterFiles), (2, RegisterAct.RegisterFiles),
            (1, RegisterAct.UnregisterBuffers), (2, RegisterAct.RegisterBuffers)),
        Gen.Int[0, World.Slots - 1],
        (act, slot) => (Step)new RegisterStep(act, slot));

    private static readonly Gen<RingShape> Rings = Gen.Select(
        Gen.Frequency(
            (4, SetupFlags.None), (2, SetupFlags.SubmitAll), (3, SetupFlags.SingleIssuer | SetupFlags.DeferTaskrun),
            (1, SetupFlags.SubmitAll | SetupFlags.CoopTaskrun | SetupFlags.TaskrunFlag)),
        Gen.OneOf(8u, 4u), Gen.OneOf(16u, 8u, 4u),
        (flags, entries, cqEntries) => new RingShape(flags, entries, Math.Max(entries, cqEntries)));

    public static Gen<RandomProgram> Programs { get; } = Gen.Select(
        Rings,
        Gen.Frequency((10, Batches), (7, FarSteps), (1, RegisterSteps), (1, Gen.Const((Step)new BadIndex()))).Array[1, 10],
        (ring, steps) => new RandomProgram(ring, steps));

    private static Gen<RequestShape> Finished(Gen<RequestShape> shapes) => Gen.Select(
        shapes, Links, Odd, Flaws,
        (shape, links, odd, flaw) =>
        {
            bool hasFile = shape.Kind is not (Kind.Nop or Kind.Timeout or Kind.LinkTimeout or Kind.Cancel);
            return shape with { Flags = links | (odd == SqeFlags.FixedFile && !hasFile ? 0 : odd), Flaw = flaw };
        });
}
