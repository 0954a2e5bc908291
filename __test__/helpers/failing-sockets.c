// Preloaded into a process: its UDP sockets fail as it is told. FAIL_PLAN names a file of four
// 32-bit integers that both sides map: the errno of sends, the errno of receives (0: none), how
// many calls have failed so far, and the errno of binds.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SENDS, RECEIVES, FAILED, BINDS, COUNT };

static volatile int *plan;

__attribute__((constructor)) static void open_plan(void) {
  const char *path = getenv("FAIL_PLAN");
  int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
  if (fd == -1) return;
  void *map = mmap(NULL, COUNT * sizeof(int), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  if (map != MAP_FAILED) plan = map;
}

static int fails(int fd, int which) {
  int type = 0;
  socklen_t len = sizeof type;
  if (plan == NULL || plan[which] == 0) return 0;
  if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) != 0 || type != SOCK_DGRAM) return 0;
  if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &type, &len) != 0 || type != AF_INET) return 0;
  __atomic_add_fetch(&plan[FAILED], 1, __ATOMIC_SEQ_CST);
  errno = plan[which];
  return 1;
}

#define WRAP(result, name, which, params, args)                              \
  result name params {                                                       \
    static result(*real) params;                                             \
    if (real == NULL) real = (result(*) params)dlsym(RTLD_NEXT, #name);      \
    return fails(fd, which) ? -1 : real args;                                \
  }

WRAP(ssize_t, send, SENDS, (int fd, const void *buf, size_t len, int flags), (fd, buf, len, flags))
WRAP(ssize_t, sendto, SENDS,
     (int fd, const void *buf, size_t len, int flags, const struct sockaddr *to, socklen_t size),
     (fd, buf, len, flags, to, size))
WRAP(ssize_t, sendmsg, SENDS, (int fd, const struct msghdr *msg, int flags), (fd, msg, flags))
WRAP(int, sendmmsg, SENDS, (int fd, struct mmsghdr *msgs, unsigned count, int flags),
     (fd, msgs, count, flags))
WRAP(ssize_t, recv, RECEIVES, (int fd, void *buf, size_t len, int flags), (fd, buf, len, flags))
WRAP(ssize_t, recvfrom, RECEIVES,
     (int fd, void *buf, size_t len, int flags, struct sockaddr *from, socklen_t *size),
     (fd, buf, len, flags, from, size))
WRAP(ssize_t, recvmsg, RECEIVES, (int fd, struct msghdr *msg, int flags), (fd, msg, flags))
WRAP(int, recvmmsg, RECEIVES,
     (int fd, struct mmsghdr *msgs, unsigned count, int flags, struct timespec *timeout),
     (fd, msgs, count, flags, timeout))
WRAP(int, bind, BINDS, (int fd, const struct sockaddr *to, socklen_t size), (fd, to, size))
