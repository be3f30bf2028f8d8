/* Loaded before libc (LD_PRELOAD) into the processes that answer senders and that write the database (on SQLite the same ones):
 * writes down, in order, what is written to the database's log, what is flushed, and what is received and sent on the
 * connections of one listener. It changes nothing.
 *
 * FLUSHWATCH_TRACE  file that lines are appended to
 * FLUSHWATCH_LOG    what the names of the database's write-ahead log hold, and no other file's: "-wal", "/pg_wal/"
 * FLUSHWATCH_PORT   the listener's port
 *
 * Lines:  W bytes                written to the log
 *         F                      the log was flushed: noted after the call came back with success
 *         R fd bytes             received
 *         S fd MSA|AA|id ...     about to be sent: the MSA segments in it; noted before the call is made
 * One write() to a file opened for appending is one whole line, whichever thread or process makes it: the file has one order.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { LINE = 8192 };
static int trace = -1;
static const char *log_name = "";
static int port = 0;

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("FLUSHWATCH_TRACE"), *name = getenv("FLUSHWATCH_LOG"), *number = getenv("FLUSHWATCH_PORT");
    if (!path || !name || !number) return;
    log_name = strdup(name); /* a copy: some servers write their title over their environment */
    port = atoi(number);
    trace = (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static void note(const char *line, int length) {
    if (trace >= 0 && length > 0) syscall(SYS_write, trace, line, (size_t)length); /* not write(): that one is watched */
}

static int is_log(int fd) {
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = trace >= 0 ? readlink(link, path, sizeof path - 1) : -1;
    if (length < 0) return 0;
    path[length] = 0;
    return *log_name && strstr(path, log_name) != NULL;
}

static int is_listeners(int fd) {
    struct sockaddr_in own;
    socklen_t size = sizeof own;
    return trace >= 0 && getsockname(fd, (struct sockaddr *)&own, &size) == 0 && own.sin_family == AF_INET &&
           ntohs(own.sin_port) == port;
}

static void note_written(int fd, ssize_t written) {
    char line[64];
    if (written > 0 && is_log(fd)) note(line, snprintf(line, sizeof line, "W %zd\n", written));
}

static void note_flushed(int fd, int result) {
    if (result == 0 && is_log(fd)) note("F\n", 2);
}

static void note_received(int fd, ssize_t got) {
    char line[64];
    if (got > 0 && is_listeners(fd)) note(line, snprintf(line, sizeof line, "R %d %zd\n", fd, got));
}

static void note_sending(int fd, const char *bytes, size_t size) {
    if (!is_listeners(fd)) return;
    char line[LINE];
    int length = snprintf(line, sizeof line, "S %d", fd);
    const char *end = bytes + size;
    while (bytes < end && (bytes = memmem(bytes, (size_t)(end - bytes), "MSA|", 4)) != NULL) {
        const char *stop = memchr(bytes, '\r', (size_t)(end - bytes));
        if (!stop) stop = end;
        length += snprintf(line + length, sizeof line - (size_t)length - 1, " %.*s", (int)(stop - bytes), bytes);
        if (length >= LINE - 64) break;
        bytes = stop;
    }
    line[length++] = '\n';
    note(line, length);
}

#define REAL(name) \
    static __typeof__(&name) real; \
    if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

ssize_t write(int fd, const void *bytes, size_t size) {
    REAL(write);
    note_sending(fd, bytes, size);
    ssize_t done = real(fd, bytes, size);
    note_written(fd, done);
    return done;
}

ssize_t pwrite(int fd, const void *bytes, size_t size, off_t at) {
    REAL(pwrite);
    ssize_t done = real(fd, bytes, size, at);
    note_written(fd, done);
    return done;
}

ssize_t pwrite64(int fd, const void *bytes, size_t size, off64_t at) {
    REAL(pwrite64);
    ssize_t done = real(fd, bytes, size, at);
    note_written(fd, done);
    return done;
}

int fsync(int fd) {
    REAL(fsync);
    int result = real(fd);
    note_flushed(fd, result);
    return result;
}

int fdatasync(int fd) {
    REAL(fdatasync);
    int result = real(fd);
    note_flushed(fd, result);
    return result;
}

ssize_t recv(int fd, void *bytes, size_t size, int flags) {
    REAL(recv);
    ssize_t got = real(fd, bytes, size, flags);
    note_received(fd, got);
    return got;
}

ssize_t send(int fd, const void *bytes, size_t size, int flags) {
    REAL(send);
    note_sending(fd, bytes, size);
    return real(fd, bytes, size, flags);
}

ssize_t sendto(int fd, const void *bytes, size_t size, int flags, const struct sockaddr *to, socklen_t length) {
    REAL(sendto);
    note_sending(fd, bytes, size);
    return real(fd, bytes, size, flags, to, length);
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags) {
    REAL(sendmsg);
    if (message->msg_iovlen > 0) note_sending(fd, message->msg_iov[0].iov_base, message->msg_iov[0].iov_len);
    return real(fd, message, flags);
}
