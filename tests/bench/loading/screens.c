/* Many screens on one epoll loop: they open websockets, read frames, acknowledge them, and time each state in them.
 *
 * usage: screens HOST PORT PATH SCREENS SECONDS [--header LINE]... [--hello TEXT] [--ack-ms N] [--units N]
 *                [--stall N] [--slow BYTES_PER_S]
 *
 * With --hello it says that first, and acknowledges as the page does (N, 120: after so many ms; 0: each frame).
 * Prints "ready" once each screen has its first frame (without --hello: once it is open), waits for a line, measures
 * for SECONDS, and prints one line of JSON: how many states came meanwhile, and how old those made meanwhile were. A
 * state is whatever carries "at":NANOSECONDS of CLOCK_MONOTONIC; "n":NUMBER says of which unit, so that in the end it
 * can be told whether everybody stands at the same states. The first N screens do not read while it measures; one more
 * reads BYTES_PER_S (slow_ms: the oldest state that it was told). A second after they read again, held_ms is how far
 * behind the others they are; then it prints "still": whoever sends should stop, so that all can come even (behind).
 * Loopback only, and it ends by itself.
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

enum { UNITS_MAX = 65536, BUCKETS = 6000, CHUNK = 1 << 18, ALLOWED_S = 120, CONNECTING_MAX = 256, LITTLE_BYTES = 4096, LARGE_BYTES = 8192, MUCH_BYTES = 24576 };
/* A bucket of the histogram is a tenth of a millisecond, and the last one holds whatever took longer. */
static const int64_t BUCKET_NS = 100000;

typedef struct {
    int fd, state, stalls, slow;
    char *buffer;
    size_t used, room, skip;
    int64_t budget_at;
    double budget;
    uint64_t *latest;
    uint64_t ack_to;
    int64_t acked_ns, due_ns;
    size_t unacked;
    int first, owes, listed;
} Screen;

typedef struct {
    uint64_t frames, bytes, states, slowest_ns;
    uint64_t bucket[BUCKETS];
} Tally;

enum { CONNECTING, UPGRADING, OPEN, CLOSED };

static Screen *screens;
static Tally usual, held_up;
static int count, opened, ready, closed, measuring, upgrading;
static int stall_count, slow_rate, unit_count, epoll_fd;
static const char *hello, *path, *host_header;
static char headers[4096];
static int64_t began_ns, ends_ns;
static double held_ms, slow_ms;
static int64_t ack_ns = 120000000, swept_ns;
static Screen **owing;
static int owing_count;

static int64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void die(const char *what) {
    fprintf(stderr, "screens: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void watch(Screen *s, uint32_t events, int how) {
    struct epoll_event e = {.events = events, .data.ptr = s};
    if (epoll_ctl(epoll_fd, how, s->fd, &e)) die("epoll_ctl");
}

static void end(Screen *s) {
    if (s->state == CLOSED) return;
    if (s->state <= UPGRADING) upgrading--;
    s->state = CLOSED;
    closed++;
    close(s->fd);
}

static void send_all(Screen *s, const char *data, size_t size) {
    /* What a screen says is small: a full socket means that the server has long stopped reading. */
    if (send(s->fd, data, size, MSG_NOSIGNAL) != (ssize_t)size) end(s);
}

static void say(Screen *s, int opcode, const char *text, size_t size) {
    unsigned char frame[1024];
    size_t head = 6;
    if (size > 900) return;
    frame[0] = 0x80 | opcode;
    if (size < 126) {
        frame[1] = 0x80 | size;
    } else {
        frame[1] = 0x80 | 126, frame[2] = size >> 8, frame[3] = size & 255;
        head = 8;
    }
    unsigned mask = (unsigned)rand() | 1;
    memcpy(frame + head - 4, &mask, 4);
    for (size_t i = 0; i < size; i++) frame[head + i] = text[i] ^ frame[head - 4 + (i & 3)];
    send_all(s, (char *)frame, head + size);
}

static void note(Screen *s, Tally *tally, const char *text, const char *stop, int64_t now) {
    const char *at = text;
    while ((at = memmem(at, stop - at, "\"at\":", 5))) {
        uint64_t sent = strtoull(at + 5, (char **)&at, 10);
        int64_t took = now - (int64_t)sent;
        if (took < 0) took = 0;
        if (measuring && now < ends_ns) tally->states++;
        if (measuring && (int64_t)sent >= began_ns) {
            tally->bucket[took / BUCKET_NS < BUCKETS - 1 ? took / BUCKET_NS : BUCKETS - 1]++;
            if ((uint64_t)took > tally->slowest_ns) tally->slowest_ns = took;
        }
        if (memcmp(at, ",\"n\":", 5) == 0) {
            uint64_t n = strtoull(at + 5, (char **)&at, 10);
            if (s->latest && n < (uint64_t)unit_count && s->latest[n] < sent) s->latest[n] = sent;
        }
    }
}

static void say_ack(Screen *s, int64_t now) {
    char ack[64];
    s->acked_ns = now, s->owes = 0, s->unacked = 0;
    say(s, 1, ack, snprintf(ack, sizeof ack, "{\"t\":\"ack\",\"to\":%llu}", (unsigned long long)s->ack_to));
}

/* The acks that were put off, once it is time for them. */
static void sweep(void) {
    int64_t now = now_ns();
    if (now - swept_ns < 4000000) return;
    swept_ns = now;
    for (int i = owing_count - 1; i >= 0; i--) {
        Screen *s = owing[i];
        if (s->state == OPEN && s->owes && now < s->due_ns) continue;
        owing[i] = owing[--owing_count];
        s->listed = 0;
        if (s->state == OPEN && s->owes) say_ack(s, now);
        s->owes = 0;
    }
}

static void acknowledge(Screen *s, const char *text, const char *stop, int64_t now) {
    size_t look = stop - text < 200 ? (size_t)(stop - text) : 200;
    const char *key = memmem(text, look, "\"t\":\"snapshot\"", 14) ? "\"seq\":"
                      : memmem(text, look, "\"t\":\"delta\"", 11)  ? "\"to\":"
                                                                 : NULL;
    if (!key) return;
    const char *found = memmem(text, look, key, strlen(key));
    if (!found) return;
    s->ack_to = strtoull(found + strlen(key), NULL, 10);
    size_t size = stop - text;
    int64_t since = now - s->acked_ns;
    s->unacked += size;
    int little = s->unacked < LITTLE_BYTES;
    if (size >= LARGE_BYTES || s->unacked >= MUCH_BYTES || since >= (little ? 3 : 1) * ack_ns) return say_ack(s, now);
    s->due_ns = (little ? now : s->acked_ns) + ack_ns;
    s->owes = 1;
    if (!s->listed) s->listed = 1, owing[owing_count++] = s;
}

static void begin(Screen *s) {
    if (!s->first) s->first = 1, ready++;
}

static void took_frame(Screen *s, int opcode, const char *text, size_t size) {
    Tally *tally = s->stalls || s->slow ? &held_up : &usual;
    int64_t now = now_ns();
    if (opcode == 9) return say(s, 10, text, size);
    if (opcode == 8) return end(s);
    if (measuring && now < ends_ns) tally->frames++, tally->bytes += size;
    note(s, tally, text, text + size, now);
    begin(s);
    if (hello) acknowledge(s, text, text + size, now);
}

/* Take whole frames from the front of the buffer. */
static void take_frames(Screen *s) {
    size_t at = 0;
    while (s->state == OPEN) {
        unsigned char *f = (unsigned char *)s->buffer + at;
        size_t left = s->used - at, head = 2, size;
        if (left < 2) break;
        size = f[1] & 127;
        if (size == 126) {
            head = 4;
            if (left < head) break;
            size = (size_t)f[2] << 8 | f[3];
        } else if (size == 127) {
            head = 10;
            if (left < head) break;
            size = 0;
            for (int i = 2; i < 10; i++) size = size << 8 | f[i];
        }
        if (head + size > s->room - 1) {
            while (head + size > s->room - 1) s->room *= 2;
            s->buffer = realloc(s->buffer, s->room);
            break;
        }
        if (left < head + size) break;
        char kept = f[head + size];
        f[head + size] = 0; /* so that no number is read beyond the frame */
        took_frame(s, f[0] & 15, (char *)f + head, size);
        f[head + size] = kept;
        at += head + size;
    }
    if (at) memmove(s->buffer, s->buffer + at, s->used - at), s->used -= at;
}

static void upgraded(Screen *s) {
    char *stop = memmem(s->buffer, s->used, "\r\n\r\n", 4);
    if (!stop) return;
    if (s->used < 12 || memcmp(s->buffer + 9, "101", 3)) {
        fprintf(stderr, "screens: refused: %.*s\n", (int)(stop - s->buffer < 300 ? stop - s->buffer : 300), s->buffer);
        exit(1);
    }
    size_t used = stop + 4 - s->buffer;
    memmove(s->buffer, stop + 4, s->used - used);
    s->used -= used;
    s->state = OPEN;
    opened++, upgrading--;
    if (hello) say(s, 1, hello, strlen(hello));
    else begin(s);
    take_frames(s);
}

static size_t allowed(Screen *s) {
    size_t room = s->room - s->used - 1;
    if (room > CHUNK) room = CHUNK;
    if (!s->slow || !measuring) return room;
    int64_t now = now_ns();
    s->budget += (double)slow_rate * (now - s->budget_at) / 1e9;
    if (s->budget > slow_rate / 10) s->budget = slow_rate / 10;
    s->budget_at = now;
    return s->budget < room ? (size_t)s->budget : room;
}

static void readable(Screen *s) {
    if (s->stalls && measuring && now_ns() < ends_ns) return;
    size_t room = allowed(s);
    if (!room) return;
    ssize_t got = recv(s->fd, s->buffer + s->used, room, 0);
    if (got <= 0) {
        if (got == 0 || (errno != EAGAIN && errno != EINTR)) end(s);
        return;
    }
    s->used += got;
    if (s->slow && measuring) s->budget -= got;
    if (s->state == UPGRADING) upgraded(s);
    else take_frames(s);
}

static void connected(Screen *s) {
    char ask[6144];
    int size = snprintf(ask, sizeof ask,
                        "GET %s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n%s\r\n",
                        path, host_header, headers);
    s->state = UPGRADING;
    watch(s, EPOLLIN, EPOLL_CTL_MOD);
    send_all(s, ask, size);
}

static void connect_one(Screen *s, struct sockaddr_in *to) {
    int one = 1;
    s->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (s->fd < 0) die("socket");
    setsockopt(s->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    s->room = 4096;
    s->buffer = malloc(s->room);
    s->latest = calloc(unit_count, sizeof *s->latest);
    if (connect(s->fd, (struct sockaddr *)to, sizeof *to) && errno != EINPROGRESS) die("connect");
    s->state = CONNECTING;
    upgrading++;
    watch(s, EPOLLOUT, EPOLL_CTL_ADD);
}

static void turn(int wait_ms) {
    static struct epoll_event events[1024];
    int found = epoll_wait(epoll_fd, events, 1024, owing_count && wait_ms > 4 ? 4 : wait_ms);
    for (int i = 0; i < found; i++) {
        Screen *s = events[i].data.ptr;
        if (s->state == CLOSED) continue;
        if (s->state == CONNECTING) connected(s);
        else readable(s);
    }
    sweep();
}

/* Screens that do not read, or slowly, would wake the loop all the time: they are looked at by the clock. */
static void set_aside(int aside) {
    for (int i = 0; i < count; i++)
        if (screens[i].state != CLOSED && (screens[i].stalls || screens[i].slow)) {
            screens[i].budget_at = now_ns();
            watch(&screens[i], aside ? 0 : EPOLLIN, EPOLL_CTL_MOD);
        }
}

static void measure(double seconds) {
    measuring = 1;
    began_ns = now_ns();
    ends_ns = began_ns + (int64_t)(seconds * 1e9);
    set_aside(1);
    while (now_ns() < ends_ns) {
        turn(1);
        for (int i = stall_count; slow_rate && i <= stall_count && i < count; i++)
            if (screens[i].state == OPEN) readable(&screens[i]);
    }
}

/* How much older than the newest that anybody shows is the oldest state that those who were held up show? */
static double held_age_ms(void) {
    uint64_t worst = 0;
    for (int n = 0; n < unit_count; n++) {
        uint64_t newest = 0;
        for (int i = 0; i < count; i++)
            if (screens[i].latest[n] > newest) newest = screens[i].latest[n];
        for (int i = 0; i < count; i++)
            if ((screens[i].stalls || screens[i].slow) && newest - screens[i].latest[n] > worst)
                worst = newest - screens[i].latest[n];
    }
    return worst / 1e6;
}

/* Those who were held up read again, for a second; then all, until everybody should have come even. */
static void catch_up(void) {
    set_aside(0);
    int held = stall_count || slow_rate;
    for (int64_t until = now_ns() + 1000000000; held && now_ns() < until;) turn(10);
    held_ms = held_age_ms();
    puts("still");
    fflush(stdout);
    /* A slow line has a board before it and another one to come: of 30 KB each these are 1.5 s at 40 KB/s. */
    for (int64_t until = now_ns() + (slow_rate ? 3 : 1) * 1000000000LL; now_ns() < until;) turn(10);
}

static double percentile_ms(const Tally *tally, double share) {
    uint64_t total = 0, upto = 0;
    for (int i = 0; i < BUCKETS; i++) total += tally->bucket[i];
    for (int i = 0; i < BUCKETS; i++)
        if ((upto += tally->bucket[i]) >= share * total && total) return (i + 1) * BUCKET_NS / 1e6;
    return 0;
}

/* How many pairs of screen and unit stand at another state than the newest that any screen has. */
static uint64_t behind(void) {
    uint64_t found = 0;
    for (int n = 0; n < unit_count; n++) {
        uint64_t newest = 0;
        for (int i = 0; i < count; i++)
            if (screens[i].latest[n] > newest) newest = screens[i].latest[n];
        for (int i = 0; i < count; i++) found += screens[i].state == OPEN && screens[i].latest[n] != newest;
    }
    return found;
}

int main(int argc, char **argv) {
    if (argc < 6) return fprintf(stderr, "usage: screens HOST PORT PATH SCREENS SECONDS [options]\n"), 2;
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[2]))};
    if (!inet_pton(AF_INET, argv[1], &to.sin_addr)) return fprintf(stderr, "screens: no address: %s\n", argv[1]), 2;
    if ((ntohl(to.sin_addr.s_addr) >> 24) != 127) return fprintf(stderr, "screens: loopback only\n"), 2;
    path = argv[3], host_header = argv[1], count = atoi(argv[4]), unit_count = 4096;
    char host[128];
    snprintf(host, sizeof host, "%s:%s", argv[1], argv[2]);
    host_header = host;
    double seconds = atof(argv[5]);
    for (int i = 6; i + 1 < argc; i += 2) {
        if (!strcmp(argv[i], "--header")) strcat(strcat(headers, argv[i + 1]), "\r\n");
        else if (!strcmp(argv[i], "--hello")) hello = argv[i + 1];
        else if (!strcmp(argv[i], "--stall")) stall_count = atoi(argv[i + 1]);
        else if (!strcmp(argv[i], "--slow")) slow_rate = atoi(argv[i + 1]);
        else if (!strcmp(argv[i], "--ack-ms")) ack_ns = atoll(argv[i + 1]) * 1000000;
        else if (!strcmp(argv[i], "--units")) unit_count = atoi(argv[i + 1]);
        else return fprintf(stderr, "screens: what is %s?\n", argv[i]), 2;
    }
    if (unit_count > UNITS_MAX || count < 1 || count > 20000 || seconds > 60) return fprintf(stderr, "screens: too much\n"), 2;
    epoll_fd = epoll_create1(0);
    screens = calloc(count, sizeof *screens);
    owing = calloc(count, sizeof *owing);
    int64_t asked = now_ns(), give_up = asked + (int64_t)ALLOWED_S * 1000000000;
    for (int made = 0; ready < count && now_ns() < give_up && !closed;) {
        while (made < count && upgrading < CONNECTING_MAX) {
            screens[made].stalls = made < stall_count;
            screens[made].slow = slow_rate && made == stall_count;
            connect_one(&screens[made++], &to);
        }
        turn(100);
    }
    if (ready < count) return fprintf(stderr, "screens: %d of %d ready, %d closed\n", ready, count, closed), 1;
    printf("ready %.3f\n", (now_ns() - asked) / 1e9);
    fflush(stdout);
    int flags = fcntl(0, F_GETFL);
    fcntl(0, F_SETFL, flags | O_NONBLOCK);
    for (char c = 0; c != '\n' && now_ns() < give_up; turn(5))
        if (read(0, &c, 1) == 0) return 1;
    measure(seconds);
    slow_ms = held_up.slowest_ns / 1e6;
    catch_up();
    printf("{\"screens\":%d,\"closed\":%d,\"seconds\":%.3f,\"frames\":%llu,\"bytes\":%llu,\"states\":%llu,"
           "\"p50_ms\":%.1f,\"p99_ms\":%.1f,\"slowest_ms\":%.1f,\"slow_ms\":%.1f,\"held_ms\":%.1f,\"behind\":%llu}\n",
           count, closed, seconds, (unsigned long long)usual.frames, (unsigned long long)usual.bytes,
           (unsigned long long)usual.states, percentile_ms(&usual, 0.5), percentile_ms(&usual, 0.99),
           usual.slowest_ns / 1e6, slow_ms, held_ms, (unsigned long long)behind());
    return 0;
}
