/* How much CPU net-snmp's library needs for one synchronous poll: bench/snmp.py compiles and starts this.
 *
 *   netsnmp VERSION POLLS CARDS PORT STEP OID...
 *
 * VERSION is 2c, or 3 with the user of bench/peers.py. Card n is 127.1.0.(n * STEP % 240), with version 3 127.0.0.1. One
 * session a card, as a program would keep them. Prints microseconds of CPU a poll, kB a card, and the milliseconds that 99
 * of 100 polls take at most.
 */
#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static double cpu(void) {
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return used.ru_utime.tv_sec + used.ru_stime.tv_sec + (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

static double now(void) {
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return at.tv_sec + at.tv_nsec / 1e9;
}

static int rising(const void *one, const void *other) {
    double a = *(const double *)one, b = *(const double *)other;
    return (a > b) - (a < b);
}

static long resident(void) {
    long size = 0, pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file == NULL || fscanf(file, "%ld %ld", &size, &pages) != 2) exit(2);
    fclose(file);
    return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static int keys(netsnmp_session *session, const char *user, const char *password) {
    session->securityName = (char *)user;
    session->securityNameLen = strlen(user);
    session->securityLevel = SNMP_SEC_LEVEL_AUTHPRIV;
    session->securityAuthProto = usmHMACSHA1AuthProtocol;
    session->securityAuthProtoLen = USM_AUTH_PROTO_SHA_LEN;
    session->securityAuthKeyLen = USM_AUTH_KU_LEN;
    session->securityPrivProto = usmAESPrivProtocol;
    session->securityPrivProtoLen = USM_PRIV_PROTO_AES_LEN;
    session->securityPrivKeyLen = USM_PRIV_KU_LEN;
    return generate_Ku(session->securityAuthProto, session->securityAuthProtoLen, (u_char *)password, strlen(password),
                       session->securityAuthKey, &session->securityAuthKeyLen) == SNMPERR_SUCCESS &&
           generate_Ku(session->securityAuthProto, session->securityAuthProtoLen, (u_char *)password, strlen(password),
                       session->securityPrivKey, &session->securityPrivKeyLen) == SNMPERR_SUCCESS;
}

int main(int count, char **words) {
    if (count < 7) return 2;
    int v3 = strcmp(words[1], "3") == 0, polls = atoi(words[2]), cards = atoi(words[3]), step = atoi(words[5]);
    netsnmp_session **open = calloc(cards, sizeof *open);
    setenv("MIBS", "", 1);
    init_snmp("bench");
    long before = resident();
    for (int n = 0; n < cards; n++) {
        netsnmp_session session;
        char peer[64];
        snmp_sess_init(&session);
        if (v3) snprintf(peer, sizeof peer, "udp:127.0.0.1:%s", words[4]);
        else snprintf(peer, sizeof peer, "udp:127.1.0.%d:%s", n * step % 240, words[4]);
        session.peername = peer;
        session.timeout = 3000000;
        session.retries = 2;
        session.version = v3 ? SNMP_VERSION_3 : SNMP_VERSION_2c;
        if (v3) {
            if (!keys(&session, "reader", "a password of the bench")) return 3;
        } else {
            session.community = (u_char *)"public";
            session.community_len = 6;
        }
        open[n] = snmp_open(&session);
        if (open[n] == NULL) return 4;
    }
    double began = 0, *took = calloc(polls, sizeof *took);
    for (int poll = -cards; poll < polls; poll++) { /* the first round warms up */
        netsnmp_pdu *answer = NULL, *request = snmp_pdu_create(SNMP_MSG_GET);
        double asked = now();
        if (poll == 0) began = cpu();
        for (int word = 6; word < count; word++) {
            oid name[MAX_OID_LEN];
            size_t length = MAX_OID_LEN;
            if (!read_objid(words[word], name, &length)) return 5;
            snmp_add_null_var(request, name, length);
        }
        if (snmp_synch_response(open[(poll + cards) % cards], request, &answer) != STAT_SUCCESS || answer == NULL ||
            answer->errstat != SNMP_ERR_NOERROR)
            return 6;
        snmp_free_pdu(answer);
        if (poll >= 0) took[poll] = now() - asked;
    }
    double used = 1e6 * (cpu() - began) / polls;
    qsort(took, polls, sizeof *took, rising);
    printf("%.1f %.1f %.3f\n", used, (double)(resident() - before) / cards, 1000 * took[polls * 99 / 100]);
    return 0;
}
