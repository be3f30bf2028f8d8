/* Loaded before libc (LD_PRELOAD) into every process of an engine: keeps, beside the files, what is needed to take back whatever
 * was done to them and not flushed. The calls themselves are made as always; powercut.py takes back, once all processes are gone.
 *
 * POWERCUT_UNDER  folder whose files count; not those ending in -shm (memory that processes share, nobody flushes it) and .log
 * POWERCUT_KEEP   folder, outside of the first: `journal` (records, see below), `lock`, and files that were unlinked or replaced
 *
 * A record is written before what it tells of is done, under a lock that all processes share, so the journal has one order:
 * a header (struct record), two paths, the old bytes, the new bytes. Kinds:
 *   W written: at `at`, the file was `size` bytes long; old: what stood there; new: what stands there now
 *   T cut to the length `at`, the file was `size` bytes long; old: what was cut off
 *   C created   U unlinked (second path: where it is kept)   M renamed (old: where the file of that name is kept, if any)
 *   F the file, D the folder was flushed: whatever the first `at` bytes of the journal tell of it; written after the call
 *   X a call that is not understood here
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

struct record {
    char kind;
    char unused[3];
    uint32_t path, second, old, fresh; /* lengths */
    uint32_t unused_too;
    uint64_t at, size;
};

enum { FLUSH_MICROS = 5000 };
static char under[PATH_MAX], keep[PATH_MAX];
static int journal = -1, lock_file = -1;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

#define REAL(name) \
    static __typeof__(&name) real; \
    if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

static int raw_open(const char *name, int flags) {
    char path[PATH_MAX + 16];
    snprintf(path, sizeof path, "%s/%s", keep, name);
    return (int)syscall(SYS_openat, AT_FDCWD, path, flags | O_CREAT | O_CLOEXEC, 0600);
}

/* A lock belongs to what was opened: parent and child would both hold the one that the fork shares. */
static void open_own_lock(void) {
    close(lock_file);
    lock_file = raw_open("lock", O_RDWR);
}

__attribute__((constructor)) static void begin(void) {
    const char *folder = getenv("POWERCUT_UNDER"), *beside = getenv("POWERCUT_KEEP");
    if (!folder || !beside) return;
    snprintf(under, sizeof under, "%s/", folder);
    snprintf(keep, sizeof keep, "%s", beside);
    journal = raw_open("journal", O_RDWR | O_APPEND);
    lock_file = raw_open("lock", O_RDWR);
    pthread_atfork(NULL, NULL, open_own_lock);
}

static void take(void) {
    pthread_mutex_lock(&mutex);
    while (flock(lock_file, LOCK_EX) != 0) {}
}

static void give(void) {
    flock(lock_file, LOCK_UN);
    pthread_mutex_unlock(&mutex);
}

static int ends(const char *path, const char *end) {
    size_t length = strlen(path), size = strlen(end);
    return length >= size && strcmp(path + length - size, end) == 0;
}

static int counts(const char *path) {
    return journal >= 0 && strncmp(path, under, strlen(under)) == 0 && !ends(path, "-shm") && !ends(path, ".log") &&
           !ends(path, " (deleted)");
}

/* The absolute path of what is open, or of a name; whether it counts. */
static int path_of(int fd, char *path) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = journal >= 0 ? readlink(link, path, PATH_MAX - 1) : -1;
    if (length < 0) return 0;
    path[length] = 0;
    return counts(path);
}

static int absolute(int folder, const char *name, char *path) {
    if (journal < 0 || !name) return 0;
    if (name[0] == '/') {
        snprintf(path, PATH_MAX, "%s", name);
        return counts(path);
    }
    char above[PATH_MAX];
    if (folder == AT_FDCWD) {
        if (!getcwd(above, sizeof above)) return 0;
    } else {
        char link[64];
        snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
        ssize_t length = readlink(link, above, sizeof above - 1);
        if (length < 0) return 0;
        above[length] = 0;
    }
    if (snprintf(path, PATH_MAX, "%s/%s", above, name) >= PATH_MAX) return 0;
    return counts(path);
}

static void note(char kind, const char *path, const char *second, uint64_t at, uint64_t size, const void *old,
                 size_t old_length, const void *fresh, size_t fresh_length) {
    struct record head = {.kind = kind, .path = (uint32_t)strlen(path), .second = (uint32_t)strlen(second),
                          .old = (uint32_t)old_length, .fresh = (uint32_t)fresh_length, .at = at, .size = size};
    struct iovec parts[] = {{&head, sizeof head},
                            {(void *)path, head.path},
                            {(void *)second, head.second},
                            {(void *)old, old_length},
                            {(void *)fresh, fresh_length}};
    size_t whole = sizeof head + head.path + head.second + old_length + fresh_length;
    if (syscall(SYS_writev, journal, parts, 5) != (ssize_t)whole) abort(); /* without it nothing could be taken back */
}

static uint64_t size_of(int fd) {
    struct stat found;
    return fstat(fd, &found) == 0 ? (uint64_t)found.st_size : 0;
}

/* Reads what stands at a place through a descriptor of its own: the caller's may be open for writing only. */
static char *standing(const char *path, uint64_t at, uint64_t size, size_t want, size_t *got) {
    *got = at < size ? (size - at < want ? (size_t)(size - at) : want) : 0;
    char *bytes = malloc(*got + 1);
    int fd = bytes ? (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0 || syscall(SYS_pread64, fd, bytes, *got, at) != (ssize_t)*got) abort();
    close(fd);
    return bytes;
}

static void note_write(int fd, const char *path, uint64_t at, const void *bytes, size_t length) {
    uint64_t size = size_of(fd);
    size_t got;
    char *old = standing(path, at, size, length, &got);
    note('W', path, "", at, size, old, got, bytes, length);
    free(old);
}

static void note_cut(const char *path, uint64_t to, uint64_t size) {
    size_t got = 0;
    char *old = to < size ? standing(path, to, size, (size_t)(size - to), &got) : NULL;
    note('T', path, "", to, size, old, got, NULL, 0);
    free(old);
}

/* Keeps a file under another name, before its own is taken from it; gives that name. */
static void set_aside(const char *path, char *aside) {
    struct stat now;
    fstat(journal, &now);
    snprintf(aside, PATH_MAX + 32, "%s/aside-%lld", keep, (long long)now.st_size);
    if (syscall(SYS_linkat, AT_FDCWD, path, AT_FDCWD, aside, 0) != 0) aside[0] = 0;
}

ssize_t write(int fd, const void *bytes, size_t size) {
    REAL(write);
    char path[PATH_MAX];
    if (!path_of(fd, path)) return real(fd, bytes, size);
    take();
    int flags = fcntl(fd, F_GETFL);
    off_t at = flags & O_APPEND ? (off_t)size_of(fd) : lseek(fd, 0, SEEK_CUR);
    note_write(fd, path, (uint64_t)at, bytes, size);
    ssize_t done = real(fd, bytes, size);
    give();
    return done;
}

ssize_t pwrite(int fd, const void *bytes, size_t size, off_t at) {
    REAL(pwrite);
    char path[PATH_MAX];
    if (!path_of(fd, path)) return real(fd, bytes, size, at);
    take();
    note_write(fd, path, (uint64_t)at, bytes, size);
    ssize_t done = real(fd, bytes, size, at);
    give();
    return done;
}

ssize_t pwrite64(int fd, const void *bytes, size_t size, off64_t at) { return pwrite(fd, bytes, size, (off_t)at); }

int ftruncate(int fd, off_t to) {
    REAL(ftruncate);
    char path[PATH_MAX];
    if (!path_of(fd, path)) return real(fd, to);
    take();
    note_cut(path, (uint64_t)to, size_of(fd));
    int done = real(fd, to);
    give();
    return done;
}

int ftruncate64(int fd, off64_t to) { return ftruncate(fd, (off_t)to); }

static uint64_t journal_length(void) {
    take();
    uint64_t length = size_of(journal);
    give();
    return length;
}

static int flushed(int fd, int (*flush)(int)) {
    char path[PATH_MAX] = "";
    struct stat found;
    /* the folder itself lies under nothing that counts: it is compared with its own slash */
    int is_ours = path_of(fd, path) || (journal >= 0 && strlen(path) + 1 == strlen(under) &&
                                        strncmp(path, under, strlen(path)) == 0);
    if (!is_ours || fstat(fd, &found) != 0) return flush(fd);
    uint64_t covered = journal_length(); /* what comes in while the flush is under way may have missed it */
    usleep(FLUSH_MICROS);                /* where the files lie in memory, a flush would take no time, and no cut fall into it */
    int done = flush(fd);
    if (done == 0) {
        take();
        note(S_ISDIR(found.st_mode) ? 'D' : 'F', path, "", covered, 0, NULL, 0, NULL, 0);
        give();
    }
    return done;
}

int fsync(int fd) {
    REAL(fsync);
    return flushed(fd, real);
}

int fdatasync(int fd) {
    REAL(fdatasync);
    return flushed(fd, real);
}

static int opened(int folder, const char *name, int flags, mode_t mode) {
    char path[PATH_MAX];
    if (!(flags & (O_CREAT | O_TRUNC)) || !absolute(folder, name, path))
        return (int)syscall(SYS_openat, folder, name, flags, mode);
    struct stat found;
    take();
    int is_there = stat(path, &found) == 0;
    if (is_there && flags & O_TRUNC && S_ISREG(found.st_mode)) note_cut(path, 0, (uint64_t)found.st_size);
    if (!is_there && flags & O_CREAT) note('C', path, "", 0, 0, NULL, 0, NULL, 0);
    int fd = (int)syscall(SYS_openat, folder, name, flags, mode);
    give();
    return fd;
}

#define MODE(flags) \
    mode_t mode = 0; \
    if (flags & (O_CREAT | __O_TMPFILE)) { \
        va_list rest; \
        va_start(rest, flags); \
        mode = va_arg(rest, mode_t); \
        va_end(rest); \
    }

int open(const char *name, int flags, ...) {
    MODE(flags)
    return opened(AT_FDCWD, name, flags, mode);
}

int open64(const char *name, int flags, ...) {
    MODE(flags)
    return opened(AT_FDCWD, name, flags, mode);
}

int openat(int folder, const char *name, int flags, ...) {
    MODE(flags)
    return opened(folder, name, flags, mode);
}

int openat64(int folder, const char *name, int flags, ...) {
    MODE(flags)
    return opened(folder, name, flags, mode);
}

static int unlinked(int folder, const char *name, int flags) {
    char path[PATH_MAX], aside[PATH_MAX + 32];
    if (flags || !absolute(folder, name, path)) return (int)syscall(SYS_unlinkat, folder, name, flags);
    take();
    set_aside(path, aside);
    if (*aside) note('U', path, aside, 0, 0, NULL, 0, NULL, 0);
    int done = (int)syscall(SYS_unlinkat, folder, name, 0);
    give();
    return done;
}

int unlink(const char *name) { return unlinked(AT_FDCWD, name, 0); }
int unlinkat(int folder, const char *name, int flags) { return unlinked(folder, name, flags); }

static int renamed(int from_folder, const char *from, int to_folder, const char *to) {
    char path[PATH_MAX], second[PATH_MAX], aside[PATH_MAX + 32];
    int counts_from = absolute(from_folder, from, path), counts_to = absolute(to_folder, to, second);
    if (!counts_from && !counts_to) return (int)syscall(SYS_renameat2, from_folder, from, to_folder, to, 0);
    take();
    set_aside(second, aside);
    note('M', path, second, 0, 0, aside, strlen(aside), NULL, 0);
    int done = (int)syscall(SYS_renameat2, from_folder, from, to_folder, to, 0);
    give();
    return done;
}

int rename(const char *from, const char *to) { return renamed(AT_FDCWD, from, AT_FDCWD, to); }
int renameat(int from_folder, const char *from, int to_folder, const char *to) {
    return renamed(from_folder, from, to_folder, to);
}

/* Calls that nothing here uses on files that count. Should that change, a cut says so instead of passing over it. */
static void refuse(int fd, const char *call) {
    char path[PATH_MAX];
    if (!path_of(fd, path)) return;
    take();
    note('X', path, call, 0, 0, NULL, 0, NULL, 0);
    give();
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
    REAL(writev);
    refuse(fd, "writev");
    return real(fd, parts, count);
}

ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t at) {
    REAL(pwritev);
    refuse(fd, "pwritev");
    return real(fd, parts, count, at);
}

int posix_fallocate(int fd, off_t at, off_t length) {
    REAL(posix_fallocate);
    refuse(fd, "posix_fallocate");
    return real(fd, at, length);
}

int fallocate(int fd, int how, off_t at, off_t length) {
    REAL(fallocate);
    refuse(fd, "fallocate");
    return real(fd, how, at, length);
}

void *mmap(void *where, size_t length, int access, int flags, int fd, off_t at) {
    if (fd >= 0 && flags & MAP_SHARED && access & PROT_WRITE) refuse(fd, "mmap");
    return (void *)syscall(SYS_mmap, where, length, access, flags, fd, at);
}
