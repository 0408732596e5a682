namespace UserRing.Abi;

/// <summary>
/// The operation of an SQE (<c>io_uring_sqe.opcode</c>), with the fields it reads and what its CQE carries in <c>res</c>.
/// </summary>
public enum Opcode : byte
{
    /// <summary>
    /// <c>IORING_OP_NOP</c> (5.1): completes at once. Takes nop_flags; len when INJECT_RESULT; fd when NOP_FILE. Result: 0, or the
    /// injected value.
    /// </summary>
    Nop = 0,

    /// <summary>
    /// <c>IORING_OP_READV</c> (5.1): reads into an iovec array. Takes fd, off, addr = iovec array, len = iovec count (up to 1024),
    /// rw_flags, ioprio. Result: bytes read, 0 at end of file.
    /// </summary>
    Readv = 1,

    /// <summary>
    /// <c>IORING_OP_WRITEV</c> (5.1): writes from an iovec array. Takes fd, off, addr = iovec array, len = iovec count (up to 1024),
    /// rw_flags, ioprio. Result: bytes written.
    /// </summary>
    Writev = 2,

    /// <summary>
    /// <c>IORING_OP_FSYNC</c> (5.1): flushes a file to its device. Takes fd, off+len (range, 0/0 = whole file), fsync_flags. Result: 0.
    /// </summary>
    Fsync = 3,

    /// <summary>
    /// <c>IORING_OP_READ_FIXED</c> (5.1): reads into a registered buffer. Takes fd, off, addr+len inside a registered buffer, buf_index,
    /// rw_flags, ioprio. Result: bytes read.
    /// </summary>
    ReadFixed = 4,

    /// <summary>
    /// <c>IORING_OP_WRITE_FIXED</c> (5.1): writes from a registered buffer. Takes fd, off, addr+len inside a registered buffer,
    /// buf_index, rw_flags, ioprio. Result: bytes written.
    /// </summary>
    WriteFixed = 5,

    /// <summary>
    /// <c>IORING_OP_POLL_ADD</c> (5.1): waits until a file is ready. Takes fd, poll32_events, len = poll flags (POLL_ADD_MULTI). Result:
    /// ready event mask.
    /// </summary>
    PollAdd = 6,

    /// <summary>
    /// <c>IORING_OP_POLL_REMOVE</c> (5.1): takes back or changes a POLL_ADD. Takes addr = user_data of the poll, len = update flags, off
    /// = new user_data, poll32_events = new mask. Result: 0.
    /// </summary>
    PollRemove = 7,

    /// <summary>
    /// <c>IORING_OP_SYNC_FILE_RANGE</c> (5.2): flushes part of a file. Takes fd, off, len, sync_range_flags. Result: 0.
    /// </summary>
    SyncFileRange = 8,

    /// <summary>
    /// <c>IORING_OP_SENDMSG</c> (5.3): sends a message. Takes fd, addr = msghdr, msg_flags, ioprio = send flags. Result: bytes sent.
    /// </summary>
    Sendmsg = 9,

    /// <summary>
    /// <c>IORING_OP_RECVMSG</c> (5.3): receives a message. Takes fd, addr = msghdr, msg_flags, ioprio = recv flags, buf_group. Result:
    /// bytes received.
    /// </summary>
    Recvmsg = 10,

    /// <summary>
    /// <c>IORING_OP_TIMEOUT</c> (5.4): waits for a time or a number of completions. Takes addr = timespec, len = 1, off = completion
    /// count or repeats, timeout_flags. Result: -ETIME on expiry, 0 when the count was reached.
    /// </summary>
    Timeout = 11,

    /// <summary>
    /// <c>IORING_OP_TIMEOUT_REMOVE</c> (5.5): takes back or changes a TIMEOUT. Takes addr = user_data, timeout_flags, addr2 = new
    /// timespec when updating. Result: 0.
    /// </summary>
    TimeoutRemove = 12,

    /// <summary>
    /// <c>IORING_OP_ACCEPT</c> (5.5): accepts a connection. Takes fd, addr = sockaddr, addr2 = socklen pointer, accept_flags, ioprio,
    /// file_index. Result: new fd; 0 or slot number with file_index.
    /// </summary>
    Accept = 13,

    /// <summary>
    /// <c>IORING_OP_ASYNC_CANCEL</c> (5.5): cancels requests in flight. Takes addr = user_data key, fd, len = opcode key, cancel_flags.
    /// Result: 0, or the count with ALL or ANY.
    /// </summary>
    AsyncCancel = 14,

    /// <summary>
    /// <c>IORING_OP_LINK_TIMEOUT</c> (5.5): limits the time of the request it is linked to. Takes addr = timespec, len = 1,
    /// timeout_flags. Result: -ETIME if it fired, -ECANCELED if the target finished.
    /// </summary>
    LinkTimeout = 15,

    /// <summary><c>IORING_OP_CONNECT</c> (5.5): connects a socket. Takes fd, addr = sockaddr, off = address length. Result: 0.</summary>
    Connect = 16,

    /// <summary>
    /// <c>IORING_OP_FALLOCATE</c> (5.6): reserves or frees file space. Takes fd, off, addr = length (64 bit), len = mode. Result: 0.
    /// </summary>
    Fallocate = 17,

    /// <summary>
    /// <c>IORING_OP_OPENAT</c> (5.6): opens a file. Takes fd = dirfd, addr = path, len = mode, open_flags, file_index. Result: new fd; 0
    /// or slot number with file_index.
    /// </summary>
    Openat = 18,

    /// <summary><c>IORING_OP_CLOSE</c> (5.6): closes a descriptor or a fixed slot. Takes fd, or file_index. Result: 0.</summary>
    Close = 19,

    /// <summary>
    /// <c>IORING_OP_FILES_UPDATE</c> (5.6): changes slots of the registered file table. Takes addr = fd array, len = count, off = first
    /// slot or FILE_INDEX_ALLOC. Result: number of slots handled.
    /// </summary>
    FilesUpdate = 20,

    /// <summary>
    /// <c>IORING_OP_STATX</c> (5.6): reads file attributes. Takes fd = dirfd, addr = path, addr2(off)=statx buffer, len = mask,
    /// statx_flags. Result: 0.
    /// </summary>
    Statx = 21,

    /// <summary>
    /// <c>IORING_OP_READ</c> (5.6): reads into one buffer. Takes fd, off, addr, len, rw_flags, ioprio, buf_group. Result: bytes read, 0
    /// at end of file.
    /// </summary>
    Read = 22,

    /// <summary>
    /// <c>IORING_OP_WRITE</c> (5.6): writes from one buffer. Takes fd, off, addr, len, rw_flags, ioprio. Result: bytes written.
    /// </summary>
    Write = 23,

    /// <summary>
    /// <c>IORING_OP_FADVISE</c> (5.6): announces how a file will be used. Takes fd, off, len (or addr as 64-bit length when addr is not
    /// 0), fadvise_advice. Result: 0.
    /// </summary>
    Fadvise = 24,

    /// <summary>
    /// <c>IORING_OP_MADVISE</c> (5.6): announces how memory will be used. Takes addr, len (or off as 64-bit length when off is not 0),
    /// fadvise_advice. Result: 0.
    /// </summary>
    Madvise = 25,

    /// <summary>
    /// <c>IORING_OP_SEND</c> (5.6): sends from one buffer. Takes fd, addr, len, msg_flags, ioprio, addr2+addr_len (destination),
    /// buf_group. Result: bytes sent.
    /// </summary>
    Send = 26,

    /// <summary>
    /// <c>IORING_OP_RECV</c> (5.6): receives into one buffer. Takes fd, addr, len, msg_flags, ioprio, buf_group. Result: bytes received,
    /// 0 at end of stream.
    /// </summary>
    Recv = 27,

    /// <summary>
    /// <c>IORING_OP_OPENAT2</c> (5.6): opens a file as an open_how says. Takes fd = dirfd, addr = path, addr2(off)=open_how, len = its
    /// size, file_index. Result: new fd; 0 or slot number with file_index.
    /// </summary>
    Openat2 = 28,

    /// <summary>
    /// <c>IORING_OP_EPOLL_CTL</c> (5.6): changes the interest list of an epoll. Takes fd = epoll fd, off = target fd, len = operation,
    /// addr = epoll_event. Result: 0.
    /// </summary>
    EpollCtl = 29,

    /// <summary>
    /// <c>IORING_OP_SPLICE</c> (5.7): moves data between a pipe and a file. Takes splice_fd_in, splice_off_in(addr), fd = output, off =
    /// output offset, len, splice_flags. Result: bytes moved.
    /// </summary>
    Splice = 30,

    /// <summary>
    /// <c>IORING_OP_PROVIDE_BUFFERS</c> (5.7): gives buffers to a group. Takes fd = count, addr, len = size of each, off = first buffer
    /// id, buf_group. Result: 0.
    /// </summary>
    ProvideBuffers = 31,

    /// <summary>
    /// <c>IORING_OP_REMOVE_BUFFERS</c> (5.7): takes buffers of a group back. Takes fd = count, buf_group. Result: number removed.
    /// </summary>
    RemoveBuffers = 32,

    /// <summary>
    /// <c>IORING_OP_TEE</c> (5.8): copies data from pipe to pipe. Takes splice_fd_in, fd = output, len, splice_flags. Result: bytes
    /// duplicated.
    /// </summary>
    Tee = 33,

    /// <summary><c>IORING_OP_SHUTDOWN</c> (5.11): ends one or both directions of a connection. Takes fd, len = how. Result: 0.</summary>
    Shutdown = 34,

    /// <summary>
    /// <c>IORING_OP_RENAMEAT</c> (5.11): renames a file. Takes fd = old dirfd, addr = old path, len = new dirfd, addr2 = new path,
    /// rename_flags. Result: 0.
    /// </summary>
    Renameat = 35,

    /// <summary>
    /// <c>IORING_OP_UNLINKAT</c> (5.11): removes a name. Takes fd = dirfd, addr = path, unlink_flags (AT_REMOVEDIR only). Result: 0.
    /// </summary>
    Unlinkat = 36,

    /// <summary><c>IORING_OP_MKDIRAT</c> (5.15): makes a directory. Takes fd = dirfd, addr = path, len = mode. Result: 0.</summary>
    Mkdirat = 37,

    /// <summary>
    /// <c>IORING_OP_SYMLINKAT</c> (5.15): makes a symbolic link. Takes fd = new dirfd, addr = target, addr2 = link path. Result: 0.
    /// </summary>
    Symlinkat = 38,

    /// <summary>
    /// <c>IORING_OP_LINKAT</c> (5.15): makes a hard link. Takes fd = old dirfd, addr = old path, len = new dirfd, addr2 = new path,
    /// hardlink_flags. Result: 0.
    /// </summary>
    Linkat = 39,

    /// <summary>
    /// <c>IORING_OP_MSG_RING</c> (5.18): posts a completion, or passes a file, to another ring. Takes fd = target ring, addr = command,
    /// len, off, addr3+file_index (SEND_FD), msg_ring_flags. Result: 0 for the sender; target gets res=len, user_data=off.
    /// </summary>
    MsgRing = 40,

    /// <summary>
    /// <c>IORING_OP_FSETXATTR</c> (5.19): sets an extended attribute of an open file. Takes fd, addr = name, addr2 = value, len = size,
    /// xattr_flags. Result: 0.
    /// </summary>
    Fsetxattr = 41,

    /// <summary>
    /// <c>IORING_OP_SETXATTR</c> (5.19): sets an extended attribute by path. Takes addr = name, addr2 = value, addr3 = path, len = size,
    /// xattr_flags. Result: 0.
    /// </summary>
    Setxattr = 42,

    /// <summary>
    /// <c>IORING_OP_FGETXATTR</c> (5.19): reads an extended attribute of an open file. Takes fd, addr = name, addr2 = buffer, len = size.
    /// Result: size of the value.
    /// </summary>
    Fgetxattr = 43,

    /// <summary>
    /// <c>IORING_OP_GETXATTR</c> (5.19): reads an extended attribute by path. Takes addr = name, addr2 = buffer, addr3 = path, len =
    /// size. Result: size of the value.
    /// </summary>
    Getxattr = 44,

    /// <summary>
    /// <c>IORING_OP_SOCKET</c> (5.19): makes a socket. Takes fd = domain, off = type, len = protocol, file_index. Result: new fd; 0 or
    /// slot number with file_index.
    /// </summary>
    Socket = 45,

    /// <summary>
    /// <c>IORING_OP_URING_CMD</c> (5.19): passes a command to the file. Takes fd, cmd_op, uring_cmd_flags, buf_index, cmd[] (16 bytes, 80
    /// with SQE128). Result: defined by the file that handles it.
    /// </summary>
    UringCmd = 46,

    /// <summary>
    /// <c>IORING_OP_SEND_ZC</c> (6.0): sends without copying. Takes fd, addr, len, msg_flags, ioprio, addr2+addr_len, buf_index. Result:
    /// bytes sent; later a second CQE with F_NOTIF.
    /// </summary>
    SendZc = 47,

    /// <summary>
    /// <c>IORING_OP_SENDMSG_ZC</c> (6.1): sends a message without copying. Takes fd, addr = msghdr, msg_flags, ioprio, buf_index. Result:
    /// bytes sent; later a second CQE with F_NOTIF.
    /// </summary>
    SendmsgZc = 48,

    /// <summary>
    /// <c>IORING_OP_READ_MULTISHOT</c> (6.7): reads again and again into provided buffers. Takes fd, off, buf_group (BUFFER_SELECT
    /// required), len = 0. Result: bytes read, one CQE per read, F_MORE while armed.
    /// </summary>
    ReadMultishot = 49,

    /// <summary>
    /// <c>IORING_OP_WAITID</c> (6.7): waits for a child process. Takes len = idtype, fd = id, file_index = options, addr2 = siginfo.
    /// Result: 0.
    /// </summary>
    Waitid = 50,

    /// <summary>
    /// <c>IORING_OP_FUTEX_WAIT</c> (6.7): waits on a futex. Takes addr = futex, addr2 = expected value, addr3 = mask, fd = futex2 flags.
    /// Result: 0 once woken.
    /// </summary>
    FutexWait = 51,

    /// <summary>
    /// <c>IORING_OP_FUTEX_WAKE</c> (6.7): wakes waiters of a futex. Takes addr = futex, addr2 = max to wake, addr3 = mask, fd = futex2
    /// flags. Result: number woken.
    /// </summary>
    FutexWake = 52,

    /// <summary>
    /// <c>IORING_OP_FUTEX_WAITV</c> (6.7): waits on several futexes. Takes addr = futex_waitv array, len = count (1..128). Result: index
    /// of the futex that woke it.
    /// </summary>
    FutexWaitv = 53,

    /// <summary>
    /// <c>IORING_OP_FIXED_FD_INSTALL</c> (6.8): makes an ordinary descriptor of a fixed slot. Takes fd = slot with FIXED_FILE,
    /// install_fd_flags. Result: new fd.
    /// </summary>
    FixedFdInstall = 54,

    /// <summary><c>IORING_OP_FTRUNCATE</c> (6.9): sets the length of a file. Takes fd, off = length. Result: 0.</summary>
    Ftruncate = 55,

    /// <summary>
    /// <c>IORING_OP_BIND</c> (6.11): binds a socket to an address. Takes fd, addr = sockaddr, addr2 = address length. Result: 0.
    /// </summary>
    Bind = 56,

    /// <summary><c>IORING_OP_LISTEN</c> (6.11): makes a socket listen. Takes fd, len = backlog. Result: 0.</summary>
    Listen = 57,

    /// <summary>
    /// <c>IORING_OP_RECV_ZC</c> (6.15): receives without copying. Takes fd, zcrx_ifq_idx, len, ioprio = RECV_MULTISHOT. Result: bytes,
    /// with area offset in the 32-byte CQE.
    /// </summary>
    RecvZc = 58,

    /// <summary>
    /// <c>IORING_OP_EPOLL_WAIT</c> (6.15): reaps events of an epoll. Takes fd = epoll fd, addr = epoll_event array, len = max events.
    /// Result: number of events.
    /// </summary>
    EpollWait = 59,

    /// <summary>
    /// <c>IORING_OP_READV_FIXED</c> (6.15): reads into several parts of a registered buffer. Takes fd, off, addr = iovec array inside
    /// buffer buf_index, len = iovec count, rw_flags. Result: bytes read.
    /// </summary>
    ReadvFixed = 60,

    /// <summary>
    /// <c>IORING_OP_WRITEV_FIXED</c> (6.15): writes from several parts of a registered buffer. Takes fd, off, addr = iovec array inside
    /// buffer buf_index, len = iovec count, rw_flags. Result: bytes written.
    /// </summary>
    WritevFixed = 61,

    /// <summary>
    /// <c>IORING_OP_PIPE</c> (6.16): makes a pipe. Takes addr = int[2], pipe_flags, file_index. Result: 0; the two fds or slots are
    /// written to addr.
    /// </summary>
    Pipe = 62,

    /// <summary><c>IORING_OP_NOP128</c> (6.19): completes at once, in a 128-byte SQE. Takes nop_flags, 128-byte SQE. Result: 0.</summary>
    Nop128 = 63,

    /// <summary>
    /// <c>IORING_OP_URING_CMD128</c> (6.19): passes a command to the file, in a 128-byte SQE. Takes as URING_CMD with 80 bytes of cmd[].
    /// Result: defined by the file that handles it.
    /// </summary>
    UringCmd128 = 64,
}
