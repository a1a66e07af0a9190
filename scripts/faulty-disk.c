// What a process writes and syncs below a folder waits, or fails, as a file says. For faulty-disk.mjs, by LD_PRELOAD.
//
// FAULTY_FOLDER: the folder. FAULTY_SAYS: a file with two numbers, read at each call: how long each write and each sync of it takes, ms,
// and the errno that they fail with (0: none). What fails writes nothing.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/** Waits if `fd` is below the folder; gives the errno that its call is to fail with, 0 if it isn't. */
static int fault(int fd) {
  const char *folder = getenv("FAULTY_FOLDER");
  const char *says = getenv("FAULTY_SAYS");
  if (!folder || !says) return 0;
  char link[64], path[4096], text[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0 || strncmp(path, folder, strlen(folder)) != 0) return 0;
  int file = open(says, O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  length = read(file, text, sizeof text - 1);
  close(file);
  text[length < 0 ? 0 : length] = 0;
  long wait_ms = 0;
  int error = 0;
  sscanf(text, "%ld %d", &wait_ms, &error);
  struct timespec wait = {wait_ms / 1000, wait_ms % 1000 * 1000000};
  if (wait_ms > 0) nanosleep(&wait, NULL);
  return error;
}

#define FAIL(error) \
  do {              \
    errno = error;  \
    return -1;      \
  } while (0)

typedef ssize_t (*pwrite_call)(int, const void *, size_t, off64_t);
typedef int (*sync_call)(int);

ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t position) {
  int error = fault(fd);
  if (error) FAIL(error);
  return ((pwrite_call)dlsym(RTLD_NEXT, "pwrite64"))(fd, bytes, count, position);
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t position) {
  return pwrite64(fd, bytes, count, position);
}

int fdatasync(int fd) {
  int error = fault(fd);
  if (error) FAIL(error);
  return ((sync_call)dlsym(RTLD_NEXT, "fdatasync"))(fd);
}

int fsync(int fd) {
  int error = fault(fd);
  if (error) FAIL(error);
  return ((sync_call)dlsym(RTLD_NEXT, "fsync"))(fd);
}
