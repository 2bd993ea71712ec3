/* Many reporters on one epoll loop: each keeps a connection and sends one report of one unit after the other.
 *
 * usage: reporters HOST PORT CONNECTIONS SECONDS TARGETS [PER_S [LOG]]
 *
 * TARGETS has a line "SHELTER UNIT AUTHORIZATION" for each unit. A connection reports for units of its own, in turns,
 * with another number each time, and says when it looked. Every report has an id of its own (UUID version 7). With PER_S so many are
 * offered a second in all, and dated when they were due; else (or with 0) each connection sends the next as soon as
 * the last is answered. An answer counts if it is a 200 that names the very report, for the first time, and says
 * that it was applied; all others are counted by what is wrong. LOG gets a line "UNIT SEQ SENT ANSWERED" (ns of
 * CLOCK_MONOTONIC) for each. Prints one line of JSON. Loopback only, and it ends by itself.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CONNECTIONS_MAX = 4096, TARGETS_MAX = 65536, ANSWER_MAX = 16384, TOOK_MAX = 4000000 };

typedef struct { char shelter[40], unit[40], authorization[200]; int number; } Target;
typedef struct { int fd, target, waits; size_t used; int64_t sent_at; char id[40], answer[ANSWER_MAX]; } Reporter;

static Target *targets;
static Reporter *reporters;
static int target_count, count, epoll_fd;
static int refused, first_status, strange, unapplied;
static const char *host, *port;
static FILE *logged;
static uint32_t *took_us;
static size_t answered;
static int64_t ends_ns;

static int64_t clock_ns(clockid_t which) {
    struct timespec t;
    clock_gettime(which, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int64_t now_ns(void) { return clock_ns(CLOCK_MONOTONIC); }

static void fail(const char *what) {
    fprintf(stderr, "reporters: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void read_targets(const char *path) {
    FILE *file = fopen(path, "r");
    if (!file) fail(path);
    targets = calloc(TARGETS_MAX, sizeof *targets);
    while (target_count < TARGETS_MAX) {
        Target *t = targets + target_count;
        if (fscanf(file, "%39s %39s %199[^\n]", t->shelter, t->unit, t->authorization) != 3) break;
        t->number = target_count++;
    }
    fclose(file);
    if (target_count < count) fprintf(stderr, "reporters: fewer units than connections\n"), exit(2);
}

static void new_id(char *to) {
    static const char hex[] = "0123456789abcdef";
    unsigned char b[16];
    if (getrandom(b, sizeof b, 0) != sizeof b) fail("getrandom");
    uint64_t ms = clock_ns(CLOCK_REALTIME) / 1000000;
    for (int i = 0; i < 6; i++) b[i] = ms >> (40 - 8 * i) & 255;
    b[6] = 0x70 | (b[6] & 15), b[8] = 0x80 | (b[8] & 63);
    for (int i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) *to++ = '-';
        *to++ = hex[b[i] >> 4], *to++ = hex[b[i] & 15];
    }
    *to = 0;
}

static void report(Reporter *r, int64_t due) {
    char body[256], ask[1024], at[32];
    struct timespec real;
    Target *t = targets + r->target;
    r->target += count;
    if (r->target >= target_count) r->target = r - reporters;
    t->number = (t->number + 1) % 10;
    new_id(r->id);
    clock_gettime(CLOCK_REALTIME, &real);
    strftime(at, sizeof at, "%Y-%m-%dT%H:%M:%S", gmtime(&real.tv_sec));
    int size = sprintf(body, "{\"shelter\":\"%s\",\"units\":[{\"unit\":\"%s\",\"free\":%d}],\"observed_at\":\"%s.%06ldZ\"}",
                       t->shelter, t->unit, t->number, at, real.tv_nsec / 1000);
    int whole = sprintf(ask, "PUT /api/v1/reports/%s HTTP/1.1\r\nHost: %s:%s\r\nAuthorization: %s\r\n"
                             "Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
                        r->id, host, port, t->authorization, size, body);
    r->sent_at = due;
    r->waits = 1, r->used = 0;
    if (send(r->fd, ask, whole, MSG_NOSIGNAL) != whole) fail("send");
}

/* Return where the whole answer's body begins, NULL where more of it has to come. */
static char *body_of(Reporter *r) {
    r->answer[r->used] = 0;
    char *stop = strstr(r->answer, "\r\n\r\n"), *length;
    if (!stop) return NULL;
    if (!(length = strcasestr(r->answer, "\r\ncontent-length:")) || length > stop) fail("an answer without a length");
    size_t whole = (size_t)(stop + 4 - r->answer) + strtoul(length + 17, NULL, 10);
    if (whole >= ANSWER_MAX || r->used > whole) fail("an answer that is too long");
    return r->used == whole ? stop + 4 : NULL;
}

static void judge(Reporter *r, const char *body) {
    char named[80];
    int64_t now = now_ns();
    int status = atoi(r->answer + 9);
    snprintf(named, sizeof named, "\"report\":\"%s\",\"repeated\":false", r->id);
    const char *seq = strstr(body, "\"state\":{\"seq\":"), *unit = strstr(body, "\"unit\":\"");
    if (status != 200) {
        refused++;
        if (!first_status) first_status = status, fprintf(stderr, "reporters: %s\n", body);
    } else if (!strstr(body, named) || !seq || !unit) {
        strange++;
    } else if (!strstr(body, "\"outcome\":\"applied\"")) {
        unapplied++;
    } else if (now < ends_ns && answered < TOOK_MAX) {
        took_us[answered++] = (now - r->sent_at) / 1000;
        if (logged) fprintf(logged, "%.36s %ld %ld %ld\n", unit + 8, atol(seq + 15), (long)r->sent_at, (long)now);
    }
}

static void hear(Reporter *r) {
    ssize_t got = recv(r->fd, r->answer + r->used, ANSWER_MAX - 1 - r->used, 0);
    if (got <= 0) fail("recv");
    r->used += got;
    const char *body = body_of(r);
    if (!body) return;
    r->waits = 0;
    judge(r, body);
}

static void connect_all(void) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(atoi(port))};
    if (!inet_pton(AF_INET, host, &to.sin_addr) || (ntohl(to.sin_addr.s_addr) >> 24) != 127)
        fprintf(stderr, "reporters: loopback only\n"), exit(2);
    for (int i = 0, one = 1; i < count; i++) {
        Reporter *r = reporters + i;
        r->target = i;
        r->fd = socket(AF_INET, SOCK_STREAM, 0);
        if (r->fd < 0 || connect(r->fd, (struct sockaddr *)&to, sizeof to)) fail("connect");
        setsockopt(r->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        struct epoll_event e = {.events = EPOLLIN, .data.ptr = r};
        epoll_ctl(epoll_fd, EPOLL_CTL_ADD, r->fd, &e);
    }
}

static void turn(int wait_ms, int again) {
    struct epoll_event events[512];
    int found = epoll_wait(epoll_fd, events, 512, wait_ms);
    for (int i = 0; i < found; i++) {
        Reporter *r = events[i].data.ptr;
        hear(r);
        int64_t now = now_ns();
        if (again && !r->waits && now < ends_ns) report(r, now);
    }
}

/* As many as are due, each by the next connection that is free, and dated when it was due: a server that stalls is
 * not excused by what could not be sent to it meanwhile. */
static void offer(double per_s) {
    int64_t began = now_ns();
    for (uint64_t sent = 0, next = 0; now_ns() < ends_ns;) {
        uint64_t due = (now_ns() - began) / 1e9 * per_s;
        for (int tried = 0; sent < due && tried < count; tried++, next++)
            if (!reporters[next % count].waits) report(reporters + next % count, began + (int64_t)(sent++ * 1e9 / per_s));
        turn(1, 0);
    }
}

static int by_size(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static double percentile_ms(double share) { return answered ? took_us[(size_t)(share * (answered - 1))] / 1e3 : 0; }

int main(int argc, char **argv) {
    if (argc < 6) return fprintf(stderr, "usage: reporters HOST PORT CONNECTIONS SECONDS TARGETS [PER_S [LOG]]\n"), 2;
    host = argv[1], port = argv[2], count = atoi(argv[3]);
    double seconds = atof(argv[4]), per_s = argc > 6 ? atof(argv[6]) : 0;
    if (count < 1 || count > CONNECTIONS_MAX || seconds > 120) return fprintf(stderr, "reporters: too much\n"), 2;
    if (argc > 7 && !(logged = fopen(argv[7], "w"))) fail(argv[7]);
    read_targets(argv[5]);
    reporters = calloc(count, sizeof *reporters);
    took_us = malloc(TOOK_MAX * sizeof *took_us);
    epoll_fd = epoll_create1(0);
    connect_all();
    ends_ns = now_ns() + (int64_t)(seconds * 1e9);
    if (per_s > 0) {
        offer(per_s);
    } else {
        for (int i = 0; i < count; i++) report(reporters + i, now_ns());
        while (now_ns() < ends_ns) turn(1, 1);
    }
    /* What is under way is brought to its answer: nobody is left with a half-sent report. */
    int waiting = count;
    for (int64_t until = now_ns() + 5000000000; waiting && now_ns() < until; turn(10, 0)) {
        waiting = 0;
        for (int i = 0; i < count; i++) waiting += reporters[i].waits;
    }
    if (logged) fclose(logged);
    qsort(took_us, answered, sizeof *took_us, by_size);
    printf("{\"connections\":%d,\"seconds\":%.3f,\"reports\":%zu,\"per_s\":%.1f,\"refused\":%d,\"first_status\":%d,"
           "\"strange\":%d,\"unapplied\":%d,\"unanswered\":%d,"
           "\"p50_ms\":%.3f,\"p95_ms\":%.3f,\"p99_ms\":%.3f,\"slowest_ms\":%.3f}\n",
           count, seconds, answered, answered / seconds, refused, first_status, strange, unapplied, waiting,
           percentile_ms(0.5), percentile_ms(0.95), percentile_ms(0.99), percentile_ms(1));
    return 0;
}
