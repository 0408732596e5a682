using System.Reflection;
using System.Runtime.CompilerServices;
using UserRing.Abi;

namespace UserRing.Engine.Tests.Abi;

/// <summary>
/// From C names to C# declarations. The rule is the product's: the C name without its prefix, in PascalCase; so names are equal when
/// prefix, underscores and case are taken away. The tables below list the prefixes and the few names that follow no rule.
/// </summary>
internal static class CNames
{
    private static readonly Dictionary<string, Type> UnusualStructs = new()
    {
        ["io_sqring_offsets"] = typeof(SqRingOffsets),
        ["io_cqring_offsets"] = typeof(CqRingOffsets),
        ["io_uring_params"] = typeof(RingParams),
        ["epoll_event"] = typeof(EpollEventPacked),
    };

    private static readonly Dictionary<string, string> FieldPrefixes = new()
    {
        ["iovec"] = "iov_",
        ["msghdr"] = "msg_",
        ["cmsghdr"] = "cmsg_",
        ["sockaddr_in"] = "sin_",
        ["sockaddr_in6"] = "sin6_",
        ["sockaddr_un"] = "sun_",
        ["statx"] = "stx_",
    };

    // The longest prefix that fits decides.
    private static readonly (string Prefix, Type Type, string MemberPrefix)[] Prefixes =
    [
        ("IORING_OP_", typeof(Opcode), ""),
        ("IORING_SETUP_", typeof(SetupFlags), ""),
        ("IORING_ENTER_", typeof(EnterFlags), ""),
        ("IOSQE_", typeof(SqeFlags), ""),
        ("IORING_CQE_F_", typeof(CqeFlags), ""),
        ("IORING_SQ_", typeof(SqRingFlags), ""),
        ("IORING_CQ_", typeof(CqRingFlags), ""),
        ("IORING_FEAT_", typeof(RingFeatures), ""),
        ("IORING_REGISTER_", typeof(RegisterOp), "Register"),
        ("IORING_UNREGISTER_", typeof(RegisterOp), "Unregister"),
        ("IORING_TIMEOUT_", typeof(TimeoutFlags), ""),
        ("IORING_LINK_TIMEOUT_", typeof(TimeoutFlags), "LinkTimeout"),
        ("IORING_POLL_", typeof(PollFlags), ""),
        ("IORING_ASYNC_CANCEL_", typeof(CancelFlags), ""),
        ("IORING_RECVSEND_", typeof(RecvSendFlags), ""),
        ("IORING_RECV_", typeof(RecvSendFlags), ""),
        ("IORING_SEND_ZC_", typeof(RecvSendFlags), ""),
        ("IORING_SEND_", typeof(RecvSendFlags), ""),
        ("IORING_ACCEPT_", typeof(AcceptFlags), ""),
        ("IORING_MSG_", typeof(MsgRingCommand), ""),
        ("IORING_MSG_RING_", typeof(MsgRingFlags), ""),
        ("IORING_FSYNC_", typeof(FsyncFlags), ""),
        ("IORING_NOP_", typeof(NopFlags), ""),
        ("SPLICE_F_", typeof(SpliceFlags), ""),
        ("IORING_URING_CMD_", typeof(UringCmdFlags), ""),
        ("IORING_FIXED_FD_", typeof(InstallFdFlags), ""),
        ("IORING_RW_ATTR_FLAG_", typeof(RwAttrFlags), ""),
        ("IORING_RSRC_REGISTER_", typeof(RsrcRegisterFlags), ""),
        ("IOU_PBUF_RING_", typeof(PbufRingFlags), ""),
        ("IORING_MEM_REGION_TYPE_", typeof(RegionDescFlags), "Type"),
        ("IORING_MEM_REGION_", typeof(MemRegionFlags), ""),
        ("IORING_REG_WAIT_", typeof(RegWaitFlags), ""),
        ("IORING_RESTRICTION_", typeof(RestrictionOp), ""),
        ("IO_URING_OP_", typeof(ProbeOpFlags), ""),
        ("IO_WQ_", typeof(IoWorkerKind), ""),
        ("SOCKET_URING_OP_", typeof(SocketOp), ""),
        ("IORING_ZCRX_AREA_", typeof(ZcrxAreaFlags), ""),
        ("ZCRX_REG_", typeof(ZcrxRegisterFlags), ""),
        ("ZCRX_FEATURE_", typeof(ZcrxFeatures), ""),
        ("ZCRX_CTRL_", typeof(ZcrxControlOp), ""),
        ("IO_URING_QUERY_", typeof(QueryOp), ""),
        ("IO_URING_BPF_FILTER_", typeof(BpfFilterFlags), ""),
        ("IO_URING_BPF_CMD_", typeof(BpfCommand), ""),
        ("IORING_OFF_", typeof(MmapOffsets), ""),
        ("io_uring_", typeof(RingSyscalls), ""),
    ];

    private static readonly Dictionary<string, (Type Type, string Member)> UnusualConstants = new()
    {
        ["IORING_CQE_F_32"] = (typeof(CqeFlags), nameof(CqeFlags.Cqe32)),
        ["IORING_CQE_BUFFER_SHIFT"] = (typeof(CqeBits), nameof(CqeBits.BufferShift)),
        ["IORING_TIMESTAMP_HW_SHIFT"] = (typeof(CqeBits), nameof(CqeBits.TimestampHwShift)),
        ["IORING_TIMESTAMP_TYPE_SHIFT"] = (typeof(CqeBits), nameof(CqeBits.TimestampTypeShift)),
        ["IORING_NOTIF_USAGE_ZC_COPIED"] = (typeof(CqeBits), nameof(CqeBits.NotifUsageZcCopied)),
        ["IORING_NOP_TW"] = (typeof(NopFlags), nameof(NopFlags.TaskWork)),
        ["IORING_FILE_INDEX_ALLOC"] = (typeof(FileSlots), nameof(FileSlots.Alloc)),
        ["IORING_REGISTER_FILES_SKIP"] = (typeof(FileSlots), nameof(FileSlots.Skip)),
        ["IORING_REGISTER_SRC_REGISTERED"] = (typeof(CloneBuffersFlags), nameof(CloneBuffersFlags.SrcRegistered)),
        ["IORING_REGISTER_DST_REPLACE"] = (typeof(CloneBuffersFlags), nameof(CloneBuffersFlags.DstReplace)),
        ["IORING_REGISTER_LAST"] = (typeof(AbiCounts), nameof(AbiCounts.RegisterOps)),
        ["IORING_RESTRICTION_LAST"] = (typeof(AbiCounts), nameof(AbiCounts.RestrictionOps)),
        ["__ZCRX_CTRL_LAST"] = (typeof(AbiCounts), nameof(AbiCounts.ZcrxControlOps)),
        ["__IO_URING_QUERY_MAX"] = (typeof(AbiCounts), nameof(AbiCounts.QueryOps)),
        ["opcode count this_header"] = (typeof(AbiCounts), nameof(AbiCounts.Opcodes)),
        ["opcode count kernel_6_18"] = (typeof(AbiCounts), nameof(AbiCounts.OpcodesIn618)),
        ["IORING_ZCRX_AREA_SHIFT"] = (typeof(ZcrxBits), nameof(ZcrxBits.AreaShift)),
        ["IORING_ZCRX_AREA_MASK"] = (typeof(ZcrxBits), nameof(ZcrxBits.AreaMask)),
        ["IORING_OFF_MMAP_MASK"] = (typeof(MmapOffsets), nameof(MmapOffsets.Mask)),
        ["parameter region mmap offset"] = (typeof(MmapOffsets), nameof(MmapOffsets.ParamRegion)),
        ["zcrx region mmap offset"] = (typeof(MmapOffsets), nameof(MmapOffsets.ZcrxRegion)),
        ["IORING_MAX_ENTRIES"] = (typeof(RingLimits), nameof(RingLimits.MaxEntries)),
        ["IORING_MAX_CQ_ENTRIES"] = (typeof(RingLimits), nameof(RingLimits.MaxCqEntries)),
        ["max fixed files"] = (typeof(RingLimits), nameof(RingLimits.MaxFixedFiles)),
        ["IORING_MAX_REG_BUFFERS"] = (typeof(RingLimits), nameof(RingLimits.MaxRegisteredBuffers)),
        ["largest registered buffer"] = (typeof(RingLimits), nameof(RingLimits.MaxRegisteredBufferBytes)),
        ["buffer ring entries"] = (typeof(RingLimits), nameof(RingLimits.MaxBufRingEntries)),
        ["buffer group id"] = (typeof(RingLimits), nameof(RingLimits.MaxBufferGroup)),
        ["buffers per PROVIDE_BUFFERS / REMOVE_BUFFERS"] = (typeof(RingLimits), nameof(RingLimits.MaxProvidedBuffers)),
        ["buffer id"] = (typeof(RingLimits), nameof(RingLimits.MaxBufferId)),
        ["registered ring fds per task"] = (typeof(RingLimits), nameof(RingLimits.MaxRegisteredRings)),
        ["personality id"] = (typeof(RingLimits), nameof(RingLimits.MaxPersonality)),
        ["restriction entries"] = (typeof(RingLimits), nameof(RingLimits.MaxRestrictions)),
        ["probe entries"] = (typeof(RingLimits), nameof(RingLimits.MaxProbeOps)),
        ["iovecs per request"] = (typeof(RingLimits), nameof(RingLimits.MaxIovecs)),
        ["bytes per read or write"] = (typeof(RingLimits), nameof(RingLimits.MaxTransferBytes)),
        ["futexes per FUTEX_WAITV"] = (typeof(RingLimits), nameof(RingLimits.MaxFutexes)),
        ["worker counts in IOWQ_MAX_WORKERS"] = (typeof(RingLimits), nameof(RingLimits.MaxWorkers)),
        ["wait region entry size"] = (typeof(RingLimits), nameof(RingLimits.RegWaitBytes)),
        ["signal mask size for enter"] = (typeof(RingLimits), nameof(RingLimits.SignalMaskBytes)),
        ["sq_thread_idle 0 means"] = (typeof(RingLimits), nameof(RingLimits.DefaultSqThreadIdleMs)),
    };

    public static IReadOnlyList<Type> Types { get; } =
        [.. typeof(Sqe).Assembly.GetTypes().Where(type => type.Namespace == "UserRing.Abi" && !type.IsNested)];

    public static IReadOnlyList<Type> Structs { get; } = [.. Types.Where(type => type.IsValueType && !type.IsEnum && !IsArray(type))];

    /// <summary>Whether a type only stands for an array inside a structure.</summary>
    public static bool IsArray(Type type) => type.IsDefined(typeof(InlineArrayAttribute));

    public static Type? StructOf(string cName)
    {
        if (UnusualStructs.TryGetValue(cName, out Type? unusual))
            return unusual;
        string name = Plain(cName.StartsWith("io_uring_", StringComparison.Ordinal) ? cName["io_uring_".Length..] : cName);
        return Structs.SingleOrDefault(type => Same(type.Name, name));
    }

    /// <summary>The C# fields for one C field: one, or one for each element where a short array is spelled out as Resv0, Resv1.</summary>
    public static IReadOnlyList<FieldInfo> FieldsOf(StructFact structure, FieldFact fact, Type type)
    {
        string name = PlainField(structure, fact);
        FieldInfo[] fields = type.GetFields(BindingFlags.Public | BindingFlags.Instance);
        FieldInfo? Named(string wanted) => fields.SingleOrDefault(field => Same(field.Name, wanted));
        if (fact.Count == 1 || Named(name) is { } whole && IsArray(whole.FieldType))
            return Named(name) is { } single ? [single] : [];
        // Resv_0 rather than Resv0 where the C structure has a resv2 of its own.
        return [.. Enumerable.Range(0, fact.Count).Select(i => Named($"{name}_{i}") ?? Named($"{name}{i}")).OfType<FieldInfo>()];
    }

    /// <summary>A flexible array has no C# field but a constant that says where it begins.</summary>
    public static FieldInfo? OffsetConstantOf(StructFact structure, FieldFact fact, Type type) =>
        type.GetFields(BindingFlags.Public | BindingFlags.Static)
            .SingleOrDefault(field => field.IsLiteral && Same(field.Name, PlainField(structure, fact) + "offset"));

    public static FieldInfo? ConstantOf(string cName)
    {
        if (UnusualConstants.TryGetValue(cName, out (Type Type, string Member) unusual))
            return unusual.Type.GetField(unusual.Member);
        (string prefix, Type? type, string memberPrefix) = Prefixes
            .Where(row => cName.StartsWith(row.Prefix, StringComparison.Ordinal))
            .OrderByDescending(row => row.Prefix.Length)
            .FirstOrDefault();
        if (type is null)
            return null;
        string member = memberPrefix + Plain(cName[prefix.Length..]);
        return type.GetFields(BindingFlags.Public | BindingFlags.Static).SingleOrDefault(field => Same(field.Name, member));
    }

    private static string PlainField(StructFact structure, FieldFact fact)
    {
        string prefix = FieldPrefixes.GetValueOrDefault(structure.Name, "");
        string name = fact.Name.StartsWith(prefix, StringComparison.Ordinal) ? fact.Name[prefix.Length..] : fact.Name;
        return Plain(name.Replace(".", "", StringComparison.Ordinal));
    }

    private static string Plain(string cName) => cName.Replace("_", "", StringComparison.Ordinal);

    private static bool Same(string left, string right) => left.Equals(right, StringComparison.OrdinalIgnoreCase);
}
