/* Loaded before Postgres' own library: while the file named by FAILING_DISK is there, what is written to the log of
 * changes is lost on its way, and whoever waits for the disk hears of an error. As of a disk that fails: the kernel has
 * taken the pages, could not write them, and says so once somebody asks. Each failure leaves a mark beside that file.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int fails(int fd)
{
    const char *flag = getenv("FAILING_DISK");
    char link[64], path[4096];
    ssize_t length;

    if (flag == NULL || access(flag, F_OK) != 0)
        return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    length = readlink(link, path, sizeof path - 1);
    if (length < 0)
        return 0;
    path[length] = '\0';
    return strstr(path, "/pg_wal/") != NULL;
}

static int refused(void)
{
    char mark[4096];
    int made;

    snprintf(mark, sizeof mark, "%s.failed", getenv("FAILING_DISK"));
    made = open(mark, O_CREAT | O_WRONLY, 0644);
    if (made >= 0)
        close(made);
    errno = EIO;
    return -1;
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t offset)
{
    static ssize_t (*next)(int, const void *, size_t, off_t);

    if (next == NULL)
        next = (ssize_t (*)(int, const void *, size_t, off_t)) dlsym(RTLD_NEXT, "pwrite");
    return fails(fd) ? (ssize_t) count : next(fd, bytes, count, offset);
}

int fdatasync(int fd)
{
    static int (*next)(int);

    if (next == NULL)
        next = (int (*)(int)) dlsym(RTLD_NEXT, "fdatasync");
    return fails(fd) ? refused() : next(fd);
}

int fsync(int fd)
{
    static int (*next)(int);

    if (next == NULL)
        next = (int (*)(int)) dlsym(RTLD_NEXT, "fsync");
    return fails(fd) ? refused() : next(fd);
}
