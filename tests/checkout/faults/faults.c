/* Counts every call that changes a file system, in lnpatch and in every git that it starts, and does harm at one of them.

Loaded by LD_PRELOAD. The file that $FAULTS_CONTROL names is shared by all processes; tests/checkout/faults/server.py
writes it. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum { NOTHING, SIGNAL_PROCESS, SIGNAL_GROUP, FAIL_ONCE, FAIL_FROM_NOW_ON };

struct control {
    long count;   /* how many calls there were */
    long at;      /* at which of them to do it */
    int harm;
    int signal;   /* what to send */
    int process;  /* the lnpatch that was started; its group has the same number */
    int armed;
    char call[32];
};

static struct control *control;

__attribute__((constructor)) static void map_control(void) {
    const char *path = getenv("FAULTS_CONTROL");
    int file = path ? (int)open(path, O_RDWR | O_CLOEXEC) : -1;
    if (file < 0) return;
    void *memory = mmap(NULL, sizeof(struct control), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    if (memory != MAP_FAILED) control = memory;
}

/* Counts a call; returns the error that it has to end with, 0 where it is to be made. */
static int harmed(const char *call, int error) {
    if (!control || !control->armed) return 0;
    long number = __atomic_add_fetch(&control->count, 1, __ATOMIC_SEQ_CST);
    if (number < control->at || (number > control->at && control->harm != FAIL_FROM_NOW_ON)) return 0;
    if (number == control->at) strncpy(control->call, call, sizeof control->call - 1);
    switch (control->harm) {
        case SIGNAL_PROCESS: kill(control->process, control->signal); return 0;
        case SIGNAL_GROUP: kill(-control->process, control->signal); return 0;
        case FAIL_ONCE: errno = error; return error;
        case FAIL_FROM_NOW_ON: errno = ENOSPC; return error == ENOSPC ? error : 0;
        default: return 0;
    }
}

static int is_file(int descriptor) {
    struct stat status;
    return fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode);
}

#define REAL(type, name, parameters) \
    static type (*real) parameters; \
    if (!real) real = (type (*) parameters)dlsym(RTLD_NEXT, #name)

#define CALL(type, name, parameters, arguments, error) \
    type name parameters { \
        REAL(type, name, parameters); \
        if (harmed(#name, error)) return (type)-1; \
        return real arguments; \
    }

#define CALL_ON_FILE(type, name, parameters, arguments, descriptor) \
    type name parameters { \
        REAL(type, name, parameters); \
        if (control && control->armed && is_file(descriptor) && harmed(#name, ENOSPC)) return (type)-1; \
        return real arguments; \
    }

#define CHANGES(flags) ((flags) & (O_CREAT | O_TRUNC) || ((flags) & O_TMPFILE) == O_TMPFILE)

#define OPEN(name) \
    int name(const char *path, int flags, ...) { \
        REAL(int, name, (const char *, int, ...)); \
        va_list list; \
        va_start(list, flags); \
        mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(list, mode_t) : 0; \
        va_end(list); \
        if (CHANGES(flags) && harmed(#name, ENOSPC)) return -1; \
        return real(path, flags, mode); \
    }

#define OPENAT(name) \
    int name(int folder, const char *path, int flags, ...) { \
        REAL(int, name, (int, const char *, int, ...)); \
        va_list list; \
        va_start(list, flags); \
        mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(list, mode_t) : 0; \
        va_end(list); \
        if (CHANGES(flags) && harmed(#name, ENOSPC)) return -1; \
        return real(folder, path, flags, mode); \
    }

#define FOPEN(name) \
    FILE *name(const char *path, const char *mode) { \
        REAL(FILE *, name, (const char *, const char *)); \
        if (*mode != 'r' && harmed(#name, ENOSPC)) return NULL; \
        return real(path, mode); \
    }

OPEN(open)
OPEN(open64)
OPENAT(openat)
OPENAT(openat64)
FOPEN(fopen)
FOPEN(fopen64)
CALL(int, creat, (const char *path, mode_t mode), (path, mode), ENOSPC)
CALL(int, creat64, (const char *path, mode_t mode), (path, mode), ENOSPC)
CALL_ON_FILE(ssize_t, write, (int file, const void *data, size_t size), (file, data, size), file)
CALL_ON_FILE(ssize_t, writev, (int file, const struct iovec *parts, int count), (file, parts, count), file)
CALL_ON_FILE(ssize_t, pwrite, (int file, const void *data, size_t size, off_t at), (file, data, size, at), file)
CALL_ON_FILE(ssize_t, pwrite64, (int file, const void *data, size_t size, off64_t at), (file, data, size, at), file)
CALL_ON_FILE(ssize_t, sendfile, (int to, int from, off_t *at, size_t size), (to, from, at, size), to)
CALL_ON_FILE(ssize_t, sendfile64, (int to, int from, off64_t *at, size_t size), (to, from, at, size), to)
CALL_ON_FILE(ssize_t, copy_file_range, (int from, off64_t *at, int to, off64_t *there, size_t size, unsigned flags),
             (from, at, to, there, size, flags), to)
CALL_ON_FILE(int, fchmod, (int file, mode_t mode), (file, mode), file)
CALL_ON_FILE(int, ftruncate, (int file, off_t size), (file, size), file)
CALL_ON_FILE(int, ftruncate64, (int file, off64_t size), (file, size), file)
CALL(int, truncate, (const char *path, off_t size), (path, size), EIO)
CALL(int, truncate64, (const char *path, off64_t size), (path, size), EIO)
CALL(int, rename, (const char *from, const char *to), (from, to), ENOSPC)
CALL(int, renameat, (int a, const char *from, int b, const char *to), (a, from, b, to), ENOSPC)
CALL(int, renameat2, (int a, const char *from, int b, const char *to, unsigned flags), (a, from, b, to, flags), ENOSPC)
CALL(int, link, (const char *from, const char *to), (from, to), ENOSPC)
CALL(int, linkat, (int a, const char *from, int b, const char *to, int flags), (a, from, b, to, flags), ENOSPC)
CALL(int, symlink, (const char *goal, const char *path), (goal, path), ENOSPC)
CALL(int, symlinkat, (const char *goal, int folder, const char *path), (goal, folder, path), ENOSPC)
CALL(int, unlink, (const char *path), (path), EACCES)
CALL(int, unlinkat, (int folder, const char *path, int flags), (folder, path, flags), EACCES)
CALL(int, remove, (const char *path), (path), EACCES)
CALL(int, rmdir, (const char *path), (path), EACCES)
CALL(int, mkdir, (const char *path, mode_t mode), (path, mode), ENOSPC)
CALL(int, mkdirat, (int folder, const char *path, mode_t mode), (folder, path, mode), ENOSPC)
CALL(int, chmod, (const char *path, mode_t mode), (path, mode), EPERM)
CALL(int, fchmodat, (int folder, const char *path, mode_t mode, int flags), (folder, path, mode, flags), EPERM)
