/* Loaded before libc (LD_PRELOAD) into every process of an engine: its disk has as much room as a file says.
 *
 * FULLDISK_UNDER  folder whose files count
 * FULLDISK_FREE   file, outside of that folder: a number of bytes; while it is absent, the disk is what it is
 *
 * statvfs tells that number. Where it is 0, nothing grows: writes beyond a file's end and new files fail with ENOSPC, as on a disk
 * whose blocks are all taken. What is written over old bytes goes on.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static char under[PATH_MAX];
static char *room;

#define REAL(name) \
    static __typeof__(&name) real; \
    if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

__attribute__((constructor)) static void begin(void) {
    const char *folder = getenv("FULLDISK_UNDER");
    const char *file = getenv("FULLDISK_FREE");
    if (!folder || !file) return;
    snprintf(under, sizeof under, "%s", folder);
    room = strdup(file); /* servers write over their environment */
}

/* The bytes that are free; -1 where the disk is what it is. */
static int64_t left(void) {
    char text[32];
    if (!room) return -1;
    int kept = errno;
    int fd = (int)syscall(SYS_openat, AT_FDCWD, room, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd < 0 ? 0 : (ssize_t)syscall(SYS_read, fd, text, sizeof text - 1);
    if (fd >= 0) syscall(SYS_close, fd);
    errno = kept;
    if (got <= 0) return -1;
    text[got] = 0;
    return strtoll(text, NULL, 10);
}

static int counts(const char *path) {
    size_t length = strlen(under);
    return strncmp(path, under, length) == 0 && (path[length] == '/' || path[length] == 0);
}

static int is_ours(int fd) {
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = room ? readlink(link, path, sizeof path - 1) : -1;
    if (length < 0) return 0;
    path[length] = 0;
    return counts(path);
}

static int is_full(int fd, off_t end) {
    struct stat now;
    if (!room || left() != 0 || !is_ours(fd)) return 0;
    return fstat(fd, &now) == 0 && S_ISREG(now.st_mode) && end > now.st_size;
}

static int refuse(void) {
    errno = ENOSPC;
    return -1;
}

static off_t place_of(int fd) {
    struct stat now;
    if (fcntl(fd, F_GETFL) & O_APPEND) return fstat(fd, &now) == 0 ? now.st_size : 0;
    return lseek(fd, 0, SEEK_CUR);
}

ssize_t write(int fd, const void *bytes, size_t size) {
    REAL(write);
    return room && is_full(fd, place_of(fd) + (off_t)size) ? refuse() : real(fd, bytes, size);
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
    REAL(writev);
    off_t size = 0;
    for (int n = 0; n < count; n++) size += (off_t)parts[n].iov_len;
    return room && is_full(fd, place_of(fd) + size) ? refuse() : real(fd, parts, count);
}

ssize_t pwrite(int fd, const void *bytes, size_t size, off_t at) {
    REAL(pwrite);
    return room && is_full(fd, at + (off_t)size) ? refuse() : real(fd, bytes, size, at);
}

ssize_t pwrite64(int fd, const void *bytes, size_t size, off64_t at) { return pwrite(fd, bytes, size, (off_t)at); }

ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t at) {
    REAL(pwritev);
    off_t size = 0;
    for (int n = 0; n < count; n++) size += (off_t)parts[n].iov_len;
    return room && is_full(fd, at + size) ? refuse() : real(fd, parts, count, at);
}

ssize_t pwritev64(int fd, const struct iovec *parts, int count, off64_t at) {
    return pwritev(fd, parts, count, (off_t)at);
}

int ftruncate(int fd, off_t to) {
    REAL(ftruncate);
    return room && is_full(fd, to) ? refuse() : real(fd, to);
}

int ftruncate64(int fd, off64_t to) { return ftruncate(fd, (off_t)to); }

int posix_fallocate(int fd, off_t at, off_t size) {
    REAL(posix_fallocate);
    return room && is_full(fd, at + size) ? ENOSPC : real(fd, at, size);
}

int posix_fallocate64(int fd, off64_t at, off64_t size) { return posix_fallocate(fd, (off_t)at, (off_t)size); }

static int may_make(int folder, const char *path, int flags) {
    if (!room || !(flags & O_CREAT) || left() != 0) return 1;
    if (path[0] != '/' && folder == AT_FDCWD) return 1;
    if (path[0] != '/' ? !is_ours(folder) : !counts(path)) return 1;
    return (int)syscall(SYS_faccessat, folder, path, F_OK) == 0;
}

#define OPEN(name, folder, ...) \
    mode_t mode = 0; \
    if (flags & (O_CREAT | O_TMPFILE)) { \
        va_list more; \
        va_start(more, flags); \
        mode = va_arg(more, mode_t); \
        va_end(more); \
    } \
    REAL(name); \
    return may_make(folder, path, flags) ? real(__VA_ARGS__, flags, mode) : refuse();

int open(const char *path, int flags, ...) { OPEN(open, AT_FDCWD, path) }
int open64(const char *path, int flags, ...) { OPEN(open64, AT_FDCWD, path) }
int openat(int folder, const char *path, int flags, ...) { OPEN(openat, folder, folder, path) }
int openat64(int folder, const char *path, int flags, ...) { OPEN(openat64, folder, folder, path) }

int statvfs(const char *path, struct statvfs *found) {
    REAL(statvfs);
    int done = real(path, found);
    int64_t free_now = left();
    if (done == 0 && free_now >= 0 && counts(path))
        found->f_bavail = found->f_bfree = (fsblkcnt_t)free_now / (found->f_frsize ? found->f_frsize : 1);
    return done;
}

int statvfs64(const char *path, struct statvfs64 *found) { return statvfs(path, (struct statvfs *)found); }
