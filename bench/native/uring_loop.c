/* The yardstick for the ring engines: the loop of `uring bench`, in C, on raw system calls.
 *
 * Keeps `depth` requests in flight, submits `batch` at a time, and waits for a batch only once `depth` is reached, as the C# loop does:
 * same setup flags, one buffer per request in flight, free buffers kept on a stack, one 64-bit random number per block. What differs is
 * the language, so that a ratio between the two says what C# and the client cost. Prints one line of JSON.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <linux/io_uring.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

/* Numbers that a header older than the running kernel does not know. */
#define SETUP_COOP_TASKRUN (1U << 8)
#define SETUP_SINGLE_ISSUER (1U << 12)
#define SETUP_DEFER_TASKRUN (1U << 13)
#define SETUP_NO_SQARRAY (1U << 16)

#define WARM_UP_NS 300000000LL

struct options {
	unsigned depth, batch, block;
	double seconds;
	int sequential, direct, fixed, nop;
	const char *path;
};

struct ring {
	int fd;
	unsigned flags;
	unsigned *sq_tail, sq_mask, *sq_array;
	unsigned *cq_head, *cq_tail, cq_mask;
	struct io_uring_sqe *sqes;
	struct io_uring_cqe *cqes;
};

struct load {
	struct options options;
	struct ring ring;
	int file;
	char *buffers;
	unsigned *free_slots, free_count, inflight;
	uint64_t blocks, position, random;
	uint64_t completed, calls, errors;
};

static void fail(const char *what)
{
	fprintf(stderr, "uring_loop: %s: %s\n", what, strerror(errno));
	exit(1);
}

static long long now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static double cpu_seconds(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return u.ru_utime.tv_sec + u.ru_stime.tv_sec + (u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

/* The flags a loop with a ring of its own wants, then fewer, as older kernels know fewer. */
static void ring_open(struct ring *ring, unsigned depth)
{
	static const unsigned choices[] = {
		SETUP_SINGLE_ISSUER | SETUP_DEFER_TASKRUN | SETUP_COOP_TASKRUN | SETUP_NO_SQARRAY,
		SETUP_SINGLE_ISSUER | SETUP_DEFER_TASKRUN | SETUP_COOP_TASKRUN,
		SETUP_COOP_TASKRUN,
		0,
	};
	struct io_uring_params p;
	size_t sq_size, cq_size, size;
	char *area;

	ring->fd = -1;
	for (unsigned i = 0; ring->fd < 0 && i < sizeof(choices) / sizeof(choices[0]); i++) {
		memset(&p, 0, sizeof(p));
		p.flags = choices[i];
		ring->fd = syscall(SYS_io_uring_setup, depth, &p);
		if (ring->fd < 0 && errno != EINVAL)
			fail("io_uring_setup");
	}
	if (ring->fd < 0)
		fail("io_uring_setup");
	ring->flags = p.flags;

	sq_size = p.flags & SETUP_NO_SQARRAY ? p.cq_off.cqes : p.sq_off.array + p.sq_entries * sizeof(unsigned);
	cq_size = p.cq_off.cqes + p.cq_entries * sizeof(struct io_uring_cqe);
	size = sq_size > cq_size ? sq_size : cq_size;
	area = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring->fd, IORING_OFF_SQ_RING);
	if (area == MAP_FAILED)
		fail("mmap of the rings");
	ring->sqes = mmap(NULL, p.sq_entries * sizeof(struct io_uring_sqe), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE,
			  ring->fd, IORING_OFF_SQES);
	if (ring->sqes == MAP_FAILED)
		fail("mmap of the SQEs");

	ring->sq_tail = (unsigned *)(area + p.sq_off.tail);
	ring->sq_mask = *(unsigned *)(area + p.sq_off.ring_mask);
	ring->sq_array = p.flags & SETUP_NO_SQARRAY ? NULL : (unsigned *)(area + p.sq_off.array);
	ring->cq_head = (unsigned *)(area + p.cq_off.head);
	ring->cq_tail = (unsigned *)(area + p.cq_off.tail);
	ring->cq_mask = *(unsigned *)(area + p.cq_off.ring_mask);
	ring->cqes = (struct io_uring_cqe *)(area + p.cq_off.cqes);
	if (ring->sq_array)
		for (unsigned i = 0; i <= ring->sq_mask; i++)
			ring->sq_array[i] = i;
}

static void load_register(struct load *l)
{
	struct iovec *iovecs = calloc(l->options.depth, sizeof(*iovecs));

	for (unsigned i = 0; i < l->options.depth; i++) {
		iovecs[i].iov_base = l->buffers + (size_t)i * l->options.block;
		iovecs[i].iov_len = l->options.block;
	}
	if (syscall(SYS_io_uring_register, l->ring.fd, IORING_REGISTER_BUFFERS, iovecs, l->options.depth) < 0)
		fail("IORING_REGISTER_BUFFERS");
	if (syscall(SYS_io_uring_register, l->ring.fd, IORING_REGISTER_FILES, &l->file, 1) < 0)
		fail("IORING_REGISTER_FILES");
	free(iovecs);
}

static void load_open(struct load *l)
{
	const struct options *o = &l->options;
	struct stat st;

	ring_open(&l->ring, o->depth);
	l->free_slots = calloc(o->depth, sizeof(unsigned));
	for (l->free_count = 0; l->free_count < o->depth; l->free_count++)
		l->free_slots[l->free_count] = o->depth - 1 - l->free_count;
	l->random = 0x9E3779B97F4A7C15ULL;
	if (o->nop)
		return;

	l->file = open(o->path, O_RDONLY | O_CLOEXEC | (o->direct ? O_DIRECT : 0));
	if (l->file < 0 || fstat(l->file, &st) < 0)
		fail(o->path);
	l->blocks = st.st_size / o->block;
	if (l->blocks == 0) {
		errno = EINVAL;
		fail("the file is smaller than one block");
	}
	if (posix_memalign((void **)&l->buffers, 4096, (size_t)o->depth * o->block) != 0)
		fail("buffers");
	memset(l->buffers, 1, (size_t)o->depth * o->block);
	if (o->fixed)
		load_register(l);
}

static uint64_t next_offset(struct load *l)
{
	uint64_t block;

	if (l->options.sequential) {
		block = l->position;
		l->position = block + 1 == l->blocks ? 0 : block + 1;
	} else {
		uint64_t x = l->random;

		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		l->random = x;
		block = (uint64_t)(((unsigned __int128)x * l->blocks) >> 64);
	}
	return block * l->options.block;
}

static void prepare(struct load *l, struct io_uring_sqe *sqe)
{
	unsigned slot = l->free_slots[--l->free_count];

	memset(sqe, 0, sizeof(*sqe));
	sqe->user_data = slot;
	if (l->options.nop) {
		sqe->opcode = IORING_OP_NOP;
		sqe->fd = -1;
		return;
	}
	sqe->opcode = IORING_OP_READ;
	sqe->fd = l->file;
	sqe->addr = (uint64_t)(uintptr_t)(l->buffers + (size_t)slot * l->options.block);
	sqe->len = l->options.block;
	sqe->off = next_offset(l);
	if (l->options.fixed) {
		sqe->opcode = IORING_OP_READ_FIXED;
		sqe->flags = IOSQE_FIXED_FILE;
		sqe->fd = 0;
		sqe->buf_index = slot;
	}
}

static void reap(struct load *l)
{
	struct ring *r = &l->ring;
	unsigned head = *r->cq_head;
	unsigned tail = __atomic_load_n(r->cq_tail, __ATOMIC_ACQUIRE);
	int expected = l->options.nop ? 0 : (int)l->options.block;

	for (; head != tail; head++) {
		const struct io_uring_cqe *cqe = &r->cqes[head & r->cq_mask];

		if (cqe->res != expected)
			l->errors++;
		l->free_slots[l->free_count++] = (unsigned)cqe->user_data;
		l->completed++;
		l->inflight--;
	}
	__atomic_store_n(r->cq_head, head, __ATOMIC_RELEASE);
}

static void step(struct load *l)
{
	struct ring *r = &l->ring;
	unsigned room = l->options.depth - l->inflight;
	unsigned count = room < l->options.batch ? room : l->options.batch;
	unsigned tail = *r->sq_tail;
	unsigned wait;
	long taken;

	for (unsigned i = 0; i < count; i++)
		prepare(l, &r->sqes[(tail + i) & r->sq_mask]);
	__atomic_store_n(r->sq_tail, tail + count, __ATOMIC_RELEASE);
	l->inflight += count;
	wait = l->inflight < l->options.depth ? 0 : l->options.batch;

	do {
		taken = syscall(SYS_io_uring_enter, r->fd, count, wait, wait ? IORING_ENTER_GETEVENTS : 0, NULL, 0);
	} while (taken < 0 && errno == EINTR);
	l->calls++;
	if (taken < 0)
		fail("io_uring_enter");
	if ((unsigned)taken != count) {
		errno = EIO;
		fail("io_uring_enter took too few");
	}
	reap(l);
}

static void run_until(struct load *l, long long end_ns)
{
	do {
		for (int i = 0; i < 8; i++)
			step(l);
	} while (now_ns() < end_ns);
}

static void parse(struct options *o, int argc, char **argv)
{
	static const struct option known[] = {
		{"depth", required_argument, NULL, 'd'}, {"batch", required_argument, NULL, 'b'},
		{"block", required_argument, NULL, 's'}, {"seconds", required_argument, NULL, 't'},
		{"sequential", no_argument, NULL, 'q'},  {"direct", no_argument, NULL, 'o'},
		{"fixed", no_argument, NULL, 'f'},       {"nop", no_argument, NULL, 'n'},
		{NULL, 0, NULL, 0},
	};
	int c;

	*o = (struct options){.depth = 128, .batch = 32, .block = 4096, .seconds = 3};
	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
		switch (c) {
		case 'd': o->depth = strtoul(optarg, NULL, 10); break;
		case 'b': o->batch = strtoul(optarg, NULL, 10); break;
		case 's': o->block = strtoul(optarg, NULL, 10); break;
		case 't': o->seconds = strtod(optarg, NULL); break;
		case 'q': o->sequential = 1; break;
		case 'o': o->direct = 1; break;
		case 'f': o->fixed = 1; break;
		case 'n': o->nop = 1; break;
		default: exit(2);
		}
	}
	if (o->batch > o->depth)
		o->batch = o->depth;
	o->path = argv[optind];
	if (o->depth == 0 || o->batch == 0 || o->block == 0 || (!o->nop && !o->path)) {
		fprintf(stderr, "usage: uring_loop [--depth N] [--batch N] [--block N] [--seconds S] [--sequential] [--direct] [--fixed] FILE | --nop\n");
		exit(2);
	}
}

int main(int argc, char **argv)
{
	static struct load l;
	uint64_t requests, calls;
	long long start;
	double seconds, cpu;

	parse(&l.options, argc, argv);
	load_open(&l);
	run_until(&l, now_ns() + WARM_UP_NS);

	requests = l.completed;
	calls = l.calls;
	cpu = cpu_seconds();
	start = now_ns();
	run_until(&l, start + (long long)(l.options.seconds * 1e9));
	seconds = (now_ns() - start) / 1e9;
	cpu = cpu_seconds() - cpu;
	requests = l.completed - requests;
	calls = l.calls - calls;

	printf("{\"ops\":%llu,\"seconds\":%.6f,\"ops_per_second\":%.1f,\"calls\":%llu,\"cpu_seconds\":%.6f,\"errors\":%llu,\"setup_flags\":%u}\n",
	       (unsigned long long)requests, seconds, requests / seconds, (unsigned long long)calls, cpu,
	       (unsigned long long)l.errors, l.ring.flags);
	return l.errors ? 1 : 0;
}
