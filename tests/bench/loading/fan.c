/* The plainest server that fans states out to websockets, to measure others against.
 *
 * usage: fan PORT MODE TICK_MS UPDATES_PER_S UNITS STATE_BYTES
 *
 * MODE raw: each update is sent to each screen at once, a frame and a system call each. MODE ticks: each tick, what
 * changed since the last one goes to each screen as one frame, the same bytes for all. It updates while somebody is
 * connected, stops with a line on standard input, and ends with its standard input. Loopback only.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { SCREENS_MAX = 20000, ASKED_MAX = 8192, UNITS_MAX = 4096, STATE_MAX = 4096 };

static int screens[SCREENS_MAX], count, listening, epoll_fd, still;
static char open_to[SCREENS_MAX + 64];
static int unit_count, state_bytes, next_unit;
static int64_t changed_at[UNITS_MAX];

static int64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void accept_all(void) {
    int fd, one = 1;
    while ((fd = accept4(listening, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        if (fd >= SCREENS_MAX) { close(fd); continue; }
        struct epoll_event e = {.events = EPOLLIN, .data.fd = fd};
        epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &e);
    }
}

static void gone(int fd) {
    if (open_to[fd])
        for (int i = 0; i < count; i++)
            if (screens[i] == fd) { screens[i] = screens[--count]; break; }
    open_to[fd] = 0;
    close(fd);
}

/* A request for a websocket; the answer is for the one key that the client here sends. What comes later is not read. */
static void asked(int fd) {
    char request[ASKED_MAX];
    ssize_t got = recv(fd, request, sizeof request, 0);
    if (got <= 0 && !(got < 0 && errno == EAGAIN)) return gone(fd);
    if (open_to[fd]) return;
    const char *yes = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                      "Sec-WebSocket-Accept: ICX+Yqv66kxgM0FcWaLWlFLwTAI=\r\n\r\n";
    send(fd, yes, strlen(yes), MSG_NOSIGNAL);
    open_to[fd] = 1;
    screens[count++] = fd;
}

static int write_state(char *to, int unit, int64_t at) {
    int size = sprintf(to, "{\"seq\":%lld,\"id\":\"%08d-0000-7000-8000-000000000000\",\"at\":%lld,\"n\":%d,\"rest\":\"",
                       (long long)at, unit, (long long)at, unit);
    while (size < state_bytes - 2) to[size++] = 'x';
    return size + sprintf(to + size, "\"}");
}

static int frame_head(unsigned char *to, size_t size) {
    to[0] = 0x81;
    if (size < 126) return to[1] = size, 2;
    if (size < 65536) return to[1] = 126, to[2] = size >> 8, to[3] = size & 255, 4;
    to[1] = 127;
    for (int i = 0; i < 8; i++) to[2 + i] = size >> (56 - 8 * i) & 255;
    return 10;
}

/* One frame, built behind room for its head. */
static void send_to_all(char *text, size_t size) {
    unsigned char head[10];
    int length = frame_head(head, size);
    memcpy(text - length, head, length);
    for (int i = 0; i < count; i++) send(screens[i], text - length, size + length, MSG_NOSIGNAL);
}

static void update_raw(int64_t at) {
    static char room[STATE_MAX + 256];
    char *text = room + 16;
    int size = sprintf(text, "{\"t\":\"delta\",\"units\":[");
    size += write_state(text + size, next_unit, at);
    size += sprintf(text + size, "]}");
    send_to_all(text, size);
}

static void send_tick(void) {
    static char room[UNITS_MAX * STATE_MAX / 4];
    char *text = room + 16;
    size_t size = sprintf(text, "{\"t\":\"delta\",\"units\":["), empty = size;
    for (int unit = 0; unit < unit_count; unit++) {
        if (!changed_at[unit]) continue;
        if (size != empty) text[size++] = ',';
        size += write_state(text + size, unit, changed_at[unit]);
        changed_at[unit] = 0;
    }
    if (size == empty) return;
    size += sprintf(text + size, "]}");
    send_to_all(text, size);
}

static void look_around(int64_t until) {
    static struct epoll_event events[256];
    int64_t left = until - now_ns();
    struct timespec wait = {.tv_sec = 0, .tv_nsec = left > 0 ? left : 0};
    int found = epoll_pwait2(epoll_fd, events, 256, &wait, NULL);
    for (int i = 0; i < found; i++) {
        int fd = events[i].data.fd;
        char line[64];
        if (fd == listening) accept_all();
        else if (fd) asked(fd);
        else if (read(0, line, sizeof line) <= 0) exit(0);
        else still = 1;
    }
}

int main(int argc, char **argv) {
    if (argc != 7) return fprintf(stderr, "usage: fan PORT raw|ticks TICK_MS UPDATES_PER_S UNITS STATE_BYTES\n"), 2;
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    int raw = !strcmp(argv[2], "raw"), one = 1;
    int64_t tick_ns = atoll(argv[3]) * 1000000, each_ns = 1000000000 / atoll(argv[4]);
    unit_count = atoi(argv[5]), state_bytes = atoi(argv[6]);
    if (unit_count < 1 || unit_count > UNITS_MAX || state_bytes > STATE_MAX / 4 * 3) return 2;
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[1])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    listening = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    setsockopt(listening, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(listening, (struct sockaddr *)&at, sizeof at) || listen(listening, 4096)) return perror("fan"), 1;
    epoll_fd = epoll_create1(0);
    struct epoll_event e = {.events = EPOLLIN, .data.fd = listening}, in = {.events = EPOLLIN, .data.fd = 0};
    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, listening, &e);
    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, 0, &in);
    puts("listening");
    fflush(stdout);
    int64_t update_at = now_ns(), tick_at = update_at + tick_ns;
    for (;;) {
        look_around(raw || update_at < tick_at ? update_at : tick_at);
        int64_t now = now_ns();
        if (!count || still) {
            if (!raw && now >= tick_at) send_tick(), tick_at += tick_ns;
            if (update_at <= now) update_at = now + each_ns;
            if (tick_at <= now) tick_at = now + tick_ns;
            continue;
        }
        /* Behind its time it does what it can, and does not make up for what it could not. */
        for (int burst = 0; update_at <= now && burst < 64; burst++, update_at += each_ns) {
            next_unit = (next_unit + 1) % unit_count;
            if (raw) update_raw(now_ns());
            else changed_at[next_unit] = now_ns();
        }
        if (update_at < now - 100000000) update_at = now;
        if (!raw && now >= tick_at) send_tick(), tick_at = tick_at + tick_ns > now ? tick_at + tick_ns : now + tick_ns;
    }
}
