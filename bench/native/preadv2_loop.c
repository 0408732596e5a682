/* The yardstick of the synchronous interface: one preadv2 after the other, random (or sequential) blocks of one file, going round as
 * many buffers as a ring's batch, as the `sync` engine of `uring bench` does. Offsets and warm-up as in uring_loop.c. One line of JSON.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define WARM_UP_NS 300000000LL

struct load {
	unsigned block, batch;
	double seconds;
	int sequential, direct, file;
	char *buffers;
	uint64_t blocks, position, random, completed;
};

static void fail(const char *what)
{
	fprintf(stderr, "preadv2_loop: %s: %s\n", what, strerror(errno));
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

static uint64_t next_offset(struct load *l)
{
	uint64_t block;

	if (l->sequential) {
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
	return block * l->block;
}

static void run_until(struct load *l, long long end_ns)
{
	do {
		for (unsigned i = 0; i < l->batch; i++) {
			struct iovec iovec = {l->buffers + (size_t)i * l->block, l->block};
			ssize_t n = preadv2(l->file, &iovec, 1, next_offset(l), 0);

			if (n != (ssize_t)l->block) {
				if (n >= 0)
					errno = EIO;
				fail("preadv2");
			}
			l->completed++;
		}
	} while (now_ns() < end_ns);
}

static void parse(struct load *l, int argc, char **argv)
{
	static const struct option known[] = {
		{"block", required_argument, NULL, 's'}, {"seconds", required_argument, NULL, 't'},
		{"batch", required_argument, NULL, 'b'},
		{"sequential", no_argument, NULL, 'q'},  {"direct", no_argument, NULL, 'o'},
		{NULL, 0, NULL, 0},
	};
	struct stat st;
	int c;

	*l = (struct load){.block = 4096, .batch = 32, .seconds = 3, .random = 0x9E3779B97F4A7C15ULL};
	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
		switch (c) {
		case 'b': l->batch = strtoul(optarg, NULL, 10); break;
		case 's': l->block = strtoul(optarg, NULL, 10); break;
		case 't': l->seconds = strtod(optarg, NULL); break;
		case 'q': l->sequential = 1; break;
		case 'o': l->direct = 1; break;
		default: exit(2);
		}
	}
	if (l->block == 0 || l->batch == 0 || !argv[optind]) {
		fprintf(stderr, "usage: preadv2_loop [--block N] [--batch N] [--seconds S] [--sequential] [--direct] FILE\n");
		exit(2);
	}
	l->file = open(argv[optind], O_RDONLY | O_CLOEXEC | (l->direct ? O_DIRECT : 0));
	if (l->file < 0 || fstat(l->file, &st) < 0)
		fail(argv[optind]);
	l->blocks = st.st_size / l->block;
	if (l->blocks == 0) {
		errno = EINVAL;
		fail("the file is smaller than one block");
	}
	if (posix_memalign((void **)&l->buffers, 4096, (size_t)l->batch * l->block) != 0)
		fail("buffers");
	memset(l->buffers, 1, (size_t)l->batch * l->block);
}

int main(int argc, char **argv)
{
	static struct load l;
	uint64_t requests;
	long long start;
	double seconds, cpu;

	parse(&l, argc, argv);
	run_until(&l, now_ns() + WARM_UP_NS);

	requests = l.completed;
	cpu = cpu_seconds();
	start = now_ns();
	run_until(&l, start + (long long)(l.seconds * 1e9));
	seconds = (now_ns() - start) / 1e9;
	cpu = cpu_seconds() - cpu;
	requests = l.completed - requests;

	printf("{\"ops\":%llu,\"seconds\":%.6f,\"ops_per_second\":%.1f,\"calls\":%llu,\"cpu_seconds\":%.6f,\"errors\":0}\n",
	       (unsigned long long)requests, seconds, requests / seconds, (unsigned long long)requests, cpu);
	return 0;
}
