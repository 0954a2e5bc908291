// Preloaded into a process: its UDP sockets fail as it is told. FAIL_PLAN names a file of eight
// 32-bit integers that both sides map: the errno of sends, the errno of receives (0: none), how
// many calls have failed so far, the errno of binds; then the errno of bundles (UDP_SEGMENT), how
// many of them left, how many were refused, by whomever, and the errno of the options for bundles.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SENDS, RECEIVES, FAILED, BINDS, BUNDLES, LEFT, REFUSED, OPTIONS, COUNT };

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
WRAP(ssize_t, recv, RECEIVES, (int fd, void *buf, size_t len, int flags), (fd, buf, len, flags))
WRAP(ssize_t, recvfrom, RECEIVES,
     (int fd, void *buf, size_t len, int flags, struct sockaddr *from, socklen_t *size),
     (fd, buf, len, flags, from, size))
WRAP(ssize_t, recvmsg, RECEIVES, (int fd, struct msghdr *msg, int flags), (fd, msg, flags))
WRAP(int, recvmmsg, RECEIVES,
     (int fd, struct mmsghdr *msgs, unsigned count, int flags, struct timespec *timeout),
     (fd, msgs, count, flags, timeout))
WRAP(int, bind, BINDS, (int fd, const struct sockaddr *to, socklen_t size), (fd, to, size))

static int is_bundle(const struct msghdr *msg) {
  const struct cmsghdr *head = CMSG_FIRSTHDR(msg);
  return head != NULL && head->cmsg_level == SOL_UDP && head->cmsg_type == UDP_SEGMENT;
}

// As the system does it: those before one that fails leave.
int sendmmsg(int fd, struct mmsghdr *msgs, unsigned count, int flags) {
  static int (*real)(int, struct mmsghdr *, unsigned, int);
  if (real == NULL) real = (int (*)(int, struct mmsghdr *, unsigned, int))dlsym(RTLD_NEXT, "sendmmsg");
  if (fails(fd, SENDS)) return -1;
  if (plan == NULL) return real(fd, msgs, count, flags);
  unsigned before = 0;
  while (before < count && !(plan[BUNDLES] != 0 && is_bundle(&msgs[before].msg_hdr))) before++;
  if (before == 0) {
    __atomic_add_fetch(&plan[REFUSED], 1, __ATOMIC_SEQ_CST);
    errno = plan[BUNDLES];
    return -1;
  }
  int sent = real(fd, msgs, before, flags);
  for (int i = 0; i < sent; i++)
    if (is_bundle(&msgs[i].msg_hdr)) __atomic_add_fetch(&plan[LEFT], 1, __ATOMIC_SEQ_CST);
  if (sent < 0 && is_bundle(&msgs[0].msg_hdr)) __atomic_add_fetch(&plan[REFUSED], 1, __ATOMIC_SEQ_CST);
  return sent;
}

// A system that knows no bundles.
static int lacks(int level, int option) {
  if (plan == NULL || plan[OPTIONS] == 0 || level != SOL_UDP) return 0;
  errno = plan[OPTIONS];
  return option == UDP_SEGMENT || option == UDP_GRO;
}

int getsockopt(int fd, int level, int option, void *value, socklen_t *len) {
  static int (*real)(int, int, int, void *, socklen_t *);
  if (real == NULL) real = (int (*)(int, int, int, void *, socklen_t *))dlsym(RTLD_NEXT, "getsockopt");
  return lacks(level, option) ? -1 : real(fd, level, option, value, len);
}

int setsockopt(int fd, int level, int option, const void *value, socklen_t len) {
  static int (*real)(int, int, int, const void *, socklen_t);
  if (real == NULL) real = (int (*)(int, int, int, const void *, socklen_t))dlsym(RTLD_NEXT, "setsockopt");
  return lacks(level, option) ? -1 : real(fd, level, option, value, len);
}
