namespace UserRing.Abi;

/// <summary>The <c>opcode</c> argument of <c>io_uring_register</c>. "nr" below is its last argument.</summary>
public enum RegisterOp : uint
{
    /// <summary><c>IORING_REGISTER_BUFFERS</c> (5.1): registers buffers; arg = iovec array, nr = count.</summary>
    RegisterBuffers = 0,

    /// <summary><c>IORING_UNREGISTER_BUFFERS</c> (5.1): takes them back; arg NULL, nr 0.</summary>
    UnregisterBuffers = 1,

    /// <summary><c>IORING_REGISTER_FILES</c> (5.1): registers files; arg = int array (-1 = empty slot), nr = count.</summary>
    RegisterFiles = 2,

    /// <summary><c>IORING_UNREGISTER_FILES</c> (5.1): takes them back; arg NULL, nr 0.</summary>
    UnregisterFiles = 3,

    /// <summary>
    /// <c>IORING_REGISTER_EVENTFD</c> (5.2): signals an eventfd at each completion; arg = pointer to an eventfd number, nr 1.
    /// </summary>
    RegisterEventFd = 4,

    /// <summary><c>IORING_UNREGISTER_EVENTFD</c> (5.2): ends that; arg NULL, nr 0.</summary>
    UnregisterEventFd = 5,

    /// <summary>
    /// <c>IORING_REGISTER_FILES_UPDATE</c> (5.5): changes slots of the file table; arg = io_uring_rsrc_update, nr = slots; returns how
    /// many were done.
    /// </summary>
    RegisterFilesUpdate = 6,

    /// <summary>
    /// <c>IORING_REGISTER_EVENTFD_ASYNC</c> (5.6): signals an eventfd at each completion that was not inline; arg as for EVENTFD.
    /// </summary>
    RegisterEventFdAsync = 7,

    /// <summary>
    /// <c>IORING_REGISTER_PROBE</c> (5.6): asks which opcodes work; arg = zeroed io_uring_probe, nr = room in ops[], up to 256.
    /// </summary>
    RegisterProbe = 8,

    /// <summary>
    /// <c>IORING_REGISTER_PERSONALITY</c> (5.6): registers the credentials of the caller; arg NULL, nr 0; returns an id (1..65535).
    /// </summary>
    RegisterPersonality = 9,

    /// <summary><c>IORING_UNREGISTER_PERSONALITY</c> (5.6): takes them back; arg NULL, nr = id.</summary>
    UnregisterPersonality = 10,

    /// <summary>
    /// <c>IORING_REGISTER_RESTRICTIONS</c> (5.10): limits what the ring will accept; arg = io_uring_restriction array; only while the
    /// ring is disabled, once.
    /// </summary>
    RegisterRestrictions = 11,

    /// <summary>
    /// <c>IORING_REGISTER_ENABLE_RINGS</c> (5.10): starts a ring made with R_DISABLED; arg NULL, nr 0; EBADFD if the ring is not
    /// disabled.
    /// </summary>
    RegisterEnableRings = 12,

    /// <summary>
    /// <c>IORING_REGISTER_FILES2</c> (5.13): registers files with tags, or a sparse table; arg = io_uring_rsrc_register, nr = 32 (its
    /// size).
    /// </summary>
    RegisterFiles2 = 13,

    /// <summary>
    /// <c>IORING_REGISTER_FILES_UPDATE2</c> (5.13): changes slots of the file table, with tags; arg = io_uring_rsrc_update2, nr = 32;
    /// returns how many were done.
    /// </summary>
    RegisterFilesUpdate2 = 14,

    /// <summary>
    /// <c>IORING_REGISTER_BUFFERS2</c> (5.13): registers buffers with tags, or a sparse table; arg = io_uring_rsrc_register, nr = 32 (its
    /// size).
    /// </summary>
    RegisterBuffers2 = 15,

    /// <summary>
    /// <c>IORING_REGISTER_BUFFERS_UPDATE</c> (5.13): changes slots of the buffer table, with tags; arg = io_uring_rsrc_update2, nr = 32;
    /// returns how many were done.
    /// </summary>
    RegisterBuffersUpdate = 16,

    /// <summary><c>IORING_REGISTER_IOWQ_AFF</c> (5.14): binds the workers to CPUs; arg = cpu mask, nr = its bytes.</summary>
    RegisterIoWqAff = 17,

    /// <summary><c>IORING_UNREGISTER_IOWQ_AFF</c> (5.14): ends that; arg NULL, nr 0.</summary>
    UnregisterIoWqAff = 18,

    /// <summary>
    /// <c>IORING_REGISTER_IOWQ_MAX_WORKERS</c> (5.15): sets or reads how many workers there may be; arg = u32[2] {bounded, unbounded}, nr
    /// 2; 0 = only read back.
    /// </summary>
    RegisterIoWqMaxWorkers = 19,

    /// <summary>
    /// <c>IORING_REGISTER_RING_FDS</c> (5.18): registers ring descriptors for the calling task; arg = io_uring_rsrc_update array, nr
    /// 1..16; returns how many were done.
    /// </summary>
    RegisterRingFds = 20,

    /// <summary>
    /// <c>IORING_UNREGISTER_RING_FDS</c> (5.18): takes them back; arg = io_uring_rsrc_update array (offset only), nr 1..16.
    /// </summary>
    UnregisterRingFds = 21,

    /// <summary><c>IORING_REGISTER_PBUF_RING</c> (5.19): registers a buffer ring; arg = io_uring_buf_reg, nr 1.</summary>
    RegisterPbufRing = 22,

    /// <summary><c>IORING_UNREGISTER_PBUF_RING</c> (5.19): takes it back; arg = io_uring_buf_reg with bgid, nr 1.</summary>
    UnregisterPbufRing = 23,

    /// <summary>
    /// <c>IORING_REGISTER_SYNC_CANCEL</c> (6.0): cancels requests and waits for their end; arg = io_uring_sync_cancel_reg, nr 1; result
    /// as ASYNC_CANCEL.
    /// </summary>
    RegisterSyncCancel = 24,

    /// <summary>
    /// <c>IORING_REGISTER_FILE_ALLOC_RANGE</c> (6.0): sets the slots that may be allocated; arg = io_uring_file_index_range, nr must be
    /// 0.
    /// </summary>
    RegisterFileAllocRange = 25,

    /// <summary><c>IORING_REGISTER_PBUF_STATUS</c> (6.8): reads the head of a buffer ring; arg = io_uring_buf_status, nr 1.</summary>
    RegisterPbufStatus = 26,

    /// <summary>
    /// <c>IORING_REGISTER_NAPI</c> (6.9): starts busy polling of network queues; arg = io_uring_napi, nr 1; old settings are written
    /// back.
    /// </summary>
    RegisterNapi = 27,

    /// <summary><c>IORING_UNREGISTER_NAPI</c> (6.9): ends that; arg = io_uring_napi or NULL, nr 1.</summary>
    UnregisterNapi = 28,

    /// <summary>
    /// <c>IORING_REGISTER_CLOCK</c> (6.12): chooses the clock of timeouts given to enter; arg = io_uring_clock_register, nr must be 0.
    /// </summary>
    RegisterClock = 29,

    /// <summary>
    /// <c>IORING_REGISTER_CLONE_BUFFERS</c> (6.12): takes over buffers of another ring; arg = io_uring_clone_buffers, nr 1.
    /// </summary>
    RegisterCloneBuffers = 30,

    /// <summary>
    /// <c>IORING_REGISTER_SEND_MSG_RING</c> (6.13): sends a message without a ring of one's own; fd must be -1; arg = SQE of a MSG_RING
    /// data message, nr 1.
    /// </summary>
    RegisterSendMsgRing = 31,

    /// <summary>
    /// <c>IORING_REGISTER_ZCRX_IFQ</c> (6.15): registers a network queue for zero-copy receive; arg = io_uring_zcrx_ifq_reg, nr 1.
    /// </summary>
    RegisterZcrxIfq = 32,

    /// <summary>
    /// <c>IORING_REGISTER_RESIZE_RINGS</c> (6.13): changes the sizes of SQ and CQ; arg = io_uring_params, nr 1; DEFER_TASKRUN rings only.
    /// </summary>
    RegisterResizeRings = 33,

    /// <summary>
    /// <c>IORING_REGISTER_MEM_REGION</c> (6.13): registers shared memory; arg = io_uring_mem_region_reg, nr 1; once for each ring.
    /// </summary>
    RegisterMemRegion = 34,

    /// <summary>
    /// <c>IORING_REGISTER_QUERY</c> (6.18): asks what the kernel can do; fd -1 or a ring; arg = io_uring_query_hdr chain, nr 0.
    /// </summary>
    RegisterQuery = 35,

    /// <summary>
    /// <c>IORING_REGISTER_ZCRX_CTRL</c> (6.19): controls a zero-copy receive instance; arg = zcrx_ctrl, nr 0. EINVAL on 6.18.
    /// </summary>
    RegisterZcrxCtrl = 36,

    /// <summary><c>IORING_REGISTER_BPF_FILTER</c> (7.0): adds a filter program; arg = io_uring_bpf. EINVAL on 6.18.</summary>
    RegisterBpfFilter = 37,

    /// <summary>
    /// <c>IORING_REGISTER_USE_REGISTERED_RING</c> (6.3): not an operation but a bit ORed into one: fd is a registered ring index.
    /// </summary>
    RegisterUseRegisteredRing = 0x80000000,
}
