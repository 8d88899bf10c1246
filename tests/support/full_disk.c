/* Preloaded into a gateway: while the file that FULL_DISK names exists, the disk has no room. With FULL_DISK_PART
   only files whose path holds that text are concerned. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int full(int file) {
    const char *flag = getenv("FULL_DISK"), *part = getenv("FULL_DISK_PART");
    struct stat status;
    if (!flag || access(flag, F_OK) != 0 || fstat(file, &status) != 0 || !S_ISREG(status.st_mode))
        return 0;
    if (part) {
        char link[64], path[4096];
        snprintf(link, sizeof link, "/proc/self/fd/%d", file);
        ssize_t length = readlink(link, path, sizeof path - 1);
        if (length < 0)
            return 0;
        path[length] = 0;
        if (!strstr(path, part))
            return 0;
    }
    errno = ENOSPC;
    return 1;
}

ssize_t write(int file, const void *octets, size_t count) {
    static ssize_t (*real)(int, const void *, size_t);
    if (!real)
        real = dlsym(RTLD_NEXT, "write");
    return full(file) ? -1 : real(file, octets, count);
}

ssize_t pwrite(int file, const void *octets, size_t count, off_t at) {
    static ssize_t (*real)(int, const void *, size_t, off_t);
    if (!real)
        real = dlsym(RTLD_NEXT, "pwrite");
    return full(file) ? -1 : real(file, octets, count, at);
}

ssize_t pwrite64(int file, const void *octets, size_t count, off64_t at) {
    static ssize_t (*real)(int, const void *, size_t, off64_t);
    if (!real)
        real = dlsym(RTLD_NEXT, "pwrite64");
    return full(file) ? -1 : real(file, octets, count, at);
}
